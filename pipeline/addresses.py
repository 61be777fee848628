"""Addresses of streams: which are network addresses, and how they are shown without their secrets."""

import re

_MAX_SHOWN = 120  # characters

#: Schemes of the streams that are opened; every other one (``file``, ``concat``, ``subfile`` …) could read local files.
NETWORK_SCHEMES = (
    'ftp',
    'http',
    'https',
    'mmsh',
    'mmst',
    'rtmp',
    'rtmpe',
    'rtmps',
    'rtmpt',
    'rtmpte',
    'rtmpts',
    'rtp',
    'rtsp',
    'rtsps',
    'srt',
    'srtp',
    'tcp',
    'tls',
    'udp',
)

# between '://' and '@': a password may hold a slash by mistake, but digits up to one are a port
_USER = re.compile(r'://(?:([^\s/?#:@]*):(?!\d*(?:[/?#\s]|$))[^\s\'"]*@|[^\s/?#:@]*@)')
_PARAMETER = re.compile(r'([?&;][\w.-]*(?:pass|pwd|token|secret|key|auth|sig|cred)[\w.-]*=)[^&\s#;\'"]+', re.IGNORECASE)


def scheme_of(text: str) -> str:
    """What stands before ``://``, in small letters; empty if nothing does."""
    scheme, found, _ = text.partition('://')
    return scheme.lower() if found else ''


def is_url(text: str) -> bool:
    """Whether ``text`` is the address of a stream on the network; ``file://`` is not."""
    return scheme_of(text) in NETWORK_SCHEMES


def without_secrets(text: str) -> str:
    """``text`` with ``***`` for every password and key in an address in it.

    These are what stands for a password before the ``@`` of an address, and parameters whose
    name says that they are secret, such as ``?token=…``. A user's name stays, unless it stands alone.
    """
    if '://' not in text:
        return text
    text = _USER.sub(lambda user: f'://{user[1]}:***@' if user[1] else '://***@', text)
    return _PARAMETER.sub(r'\1***', text)


def shown(text: str) -> str:
    """A name or an address as messages quote it: short, in one line, and :func:`without_secrets`."""
    text = without_secrets(text)
    return printable(text if len(text) <= _MAX_SHOWN else f'{text[: _MAX_SHOWN - 1]}…')


def one_line(text: str) -> str:
    """A message in one line that can be printed, :func:`without_secrets`."""
    text = without_secrets(text)
    return text if text.isprintable() else printable(' '.join(text.split()))


def printable(text: str) -> str:
    """``text`` without line ends and what else could move a terminal's cursor or change its settings."""
    return ''.join(c if c.isprintable() else '\ufffd' for c in text)

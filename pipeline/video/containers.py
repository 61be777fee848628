"""Open media files by FFmpeg so that no name and no content makes it read anything else.

FFmpeg takes names such as ``subfile,,start,0,end,9,,:x.mp4`` or ``concat:a|b`` for protocols, and follows
playlists by their content, whatever the file is called. Local files are therefore opened by the ``file``
protocol alone, and only by readers of formats that hold their media themselves.
"""

from pathlib import Path
from typing import Union

import av

from pipeline.addresses import NETWORK_SCHEMES
from pipeline.errors import InputError

#: FFmpeg's readers of containers and raw streams. None of them opens another file: no playlists
#: (concat, hls, dash), lists of images, devices, or sets of files that lie beside each other.
MEDIA_FORMATS = (
    'apng',
    'asf',
    'asf_o',
    'av1',
    'avi',
    'avs2',
    'avs3',
    'cavsvideo',
    'dirac',
    'dnxhd',
    'dv',
    'evc',
    'flv',
    'gif',
    'gxf',
    'h261',
    'h263',
    'h264',
    'hevc',
    'ivf',
    'live_flv',
    'm4v',
    'matroska',
    'mjpeg',
    'mjpeg_2000',
    'mov',
    'mpeg',
    'mpegts',
    'mpegvideo',
    'mpjpeg',
    'mxf',
    'nsv',
    'nut',
    'obu',
    'ogg',
    'rm',
    'swf',
    'ty',
    'vc1',
    'vc1test',
    'vvc',
    'webm',
    'wtv',
    'yuv4mpegpipe',
)
#: A stream may be a playlist or a session, whose parts come over the network too.
STREAM_FORMATS = (*MEDIA_FORMATS, 'hls', 'dash', 'rtp', 'rtsp', 'sdp', 'mp3', 'aac', 'ac3')
#: What those are carried by; never ``file``, so that no server makes this machine read its own files.
STREAM_PROTOCOLS = (*NETWORK_SCHEMES, 'crypto', 'ffrtmpcrypt', 'ffrtmphttp', 'httpproxy', 'udplite')


def local_name(path: Union[str, Path]) -> str:
    """``path`` as FFmpeg takes it for a file, whatever is in the name."""
    return f'file:{path}'


def open_media(path: Union[str, Path]) -> av.container.InputContainer:
    """Open a local media file for reading.

    Raises:
        InputError: if it cannot be read, or is none of :data:`MEDIA_FORMATS`.
    """
    limits = {'protocol_whitelist': 'file', 'format_whitelist': ','.join(MEDIA_FORMATS)}
    try:
        # not as `options`: these go to each stream too, for which PyAV 16.1 reserves too little memory
        return av.open(local_name(path), container_options=limits)
    except av.error.ValueError as error:  # of a format that is not on the list
        raise InputError(
            f'{path}: not a video that can be read (its content is none of the media formats that are opened; '
            'playlists and lists of other files are not followed)'
        ) from error
    except (av.FFmpegError, ValueError) as error:
        raise InputError(f'{path}: not a video that can be read ({_reason(error)})') from error


def _reason(error: Exception) -> str:
    return getattr(error, 'strerror', None) or str(error)

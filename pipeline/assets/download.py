"""Download a file from a URL, with a progress bar on terminals."""

import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import BinaryIO, Optional

from tqdm import tqdm

# seconds without a single byte after which a connection counts as dead
TIMEOUT = 30
# bytes; above this no asset is believed
LARGEST = 4 << 30
_BLOCK = 1 << 18


class SourceError(Exception):
    """A source does not give the file; the message says why, in a few words."""


def download(url: str, path: Path, size: Optional[int], label: str) -> None:
    """Save what is at ``url`` as ``path``.

    Proxies are taken from the environment.

    Args:
        size: bytes to expect, if known.
        label: stands before the progress bar.

    Raises:
        SourceError: if the server cannot be reached, refuses, or sends too much.
    """
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response, open(path, 'wb') as file:
            announced = response.headers.get('Content-Length')
            total = size or (int(announced) if announced and announced.isdigit() else None)
            with tqdm(total=total, desc=label, unit='B', unit_scale=True, disable=not sys.stderr.isatty()) as bar:
                copy_limited(response, file, size or LARGEST, bar.update)
    except urllib.error.HTTPError as error:
        raise SourceError(f'the server answers {error.code} {error.reason}') from error
    except urllib.error.URLError as error:
        raise SourceError(str(error.reason)) from error
    except (HTTPException, TimeoutError, ConnectionError) as error:
        raise SourceError(f'the transfer broke off ({error or type(error).__name__})') from error


def copy_limited(source: BinaryIO, target: BinaryIO, limit: int, report=lambda count: None) -> None:
    """Copy a stream of at most ``limit`` bytes.

    Args:
        report: called with the number of bytes of each block.

    Raises:
        SourceError: if the stream is longer.
    """
    copied = 0
    while block := source.read(_BLOCK):
        copied += len(block)
        if copied > limit:
            raise SourceError(f'more than the expected {limit} bytes')
        target.write(block)
        report(len(block))

"""Listen on this machine only, until Ctrl-C."""

import errno
import secrets
import socket
from contextlib import suppress
from typing import Callable

import uvicorn

from pipeline.errors import InputError
from pipeline.serve.app import Settings, make_app
from pipeline.serve.folder import Folder
from pipeline.serve.guard import Guard

HOST = '127.0.0.1'


def serve(folder: Folder, settings: Settings, port: int, ready: Callable[[str], None]) -> None:
    """Serve ``folder`` until Ctrl-C or SIGTERM; a run that is at work is stopped then and leaves nothing.

    Args:
        port: to listen on; 0 takes a free one.
        ready: is told the address, with a new random token in it, once requests are taken.

    Raises:
        InputError: if the port cannot be had.
    """
    token = secrets.token_urlsafe(24)
    with _listening(port) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(
            Guard(make_app(folder, settings), token, port),
            log_level='warning',
            access_log=False,  # the token is in every path
            server_header=False,
            ws='none',
            http='h11',
            loop='asyncio',
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        ready(f'http://{HOST}:{port}/{token}/')
        with suppress(KeyboardInterrupt):  # which uvicorn raises again when it has ended in good order
            server.run(sockets=[listening])


def _listening(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(64)
    except OSError as error:
        listening.close()
        taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
        why = 'is taken or not allowed; another one is chosen by --port' if taken else str(error.strerror)
        raise InputError(f'port {port}: {why}') from error
    return listening

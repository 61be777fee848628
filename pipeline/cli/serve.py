"""A local page to work with: run videos of a folder, look at their poses, correct them.

    smooth-poses-serve videos/                # prints an address to open in a browser
    smooth-poses-serve videos/ --preset embedded-accurate --port 8000

Only this machine can open the page, and only with the whole address. Results and corrections are written to
videos/output. Ctrl-C ends it. In a checkout, python tools/serve.py is the same command.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Optional, Sequence

from pipeline.cli import arguments as command_line
from pipeline.errors import InputError, exit_cleanly

_NEEDED = "pip install 'smooth-poses[serve]', or pip install starlette uvicorn"


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = command_line.OptionParser(description=__doc__, arguments=arguments)
    parser.add_argument('folder', nargs='?', type=Path, default=Path(), help='of the videos (default: this one)')
    command_line.add_chain_options(parser)
    parser.add(
        'run',
        '--out-dir',
        type=Path,
        default=Path('output'),
        help='of the results, within FOLDER (default: %(default)s)',
        common=True,
    )
    parser.add('run', '--port', type=int, default=0, help='to listen on (default: a free one)', common=True)
    parser.add(
        'run',
        '--max-upload',
        type=float,
        default=4.0,
        metavar='GB',
        help='largest video that is taken (default: %(default)s)',
        common=True,
    )
    return parser.parse_args(arguments)


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command.

    Args:
        arguments: of the command line; ``sys.argv``'s if None.

    Returns:
        The exit code: 0 when Ctrl-C has ended it, 2 for what the user has to change.
    """
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'ERROR')  # read when OpenCV is loaded
    args = parse_arguments(arguments)
    chain = command_line.chain_options(args)
    if not 0 <= args.port < 1 << 16:
        raise InputError(f'--port {args.port}: must be from 0 (any that is free) to 65535')
    if not 0 < args.max_upload <= 1e6:
        raise InputError(f'--max-upload {args.max_upload:g}: must be gigabytes, more than 0')
    try:
        from pipeline.serve.app import Settings
        from pipeline.serve.folder import Folder
        from pipeline.serve.server import serve
    except ModuleNotFoundError as error:
        library = (error.name or '').split('.')[0]
        if library not in ('starlette', 'uvicorn', 'anyio', 'h11', 'click'):
            raise
        raise InputError(f'the page needs {library}, which is not installed: {_NEEDED}') from error

    settings = Settings(
        most=int(args.max_upload * 1e9),
        preset=args.preset,
        device=args.device,
        chain=chain,
        python_path=[str(path.resolve()) for path in args.python_path],
        command='smooth-poses-serve ' + ' '.join(sys.argv[1:] if arguments is None else arguments),
    )
    folder = Folder.open(args.folder, args.out_dir)

    def ready(address: str) -> None:
        print(f'{address}\nOpen this address in a browser on this machine; Ctrl-C ends the page.', flush=True)

    serve(folder, settings, args.port, ready)
    return 0

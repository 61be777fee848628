"""Weights and clips by name.

    smooth-poses-assets list                  # what there is, and what is here
    smooth-poses-assets fetch sample-clip     # get these; without a name: what the demo needs
    smooth-poses-assets path blazepose-full   # where the copy lies

In a checkout, python tools/assets.py is the same command.
"""

import argparse
from typing import Optional, Sequence

from pipeline.assets import ASSETS, asset, fetch, find
from pipeline.assets.table import EMBEDDED
from pipeline.console import lost_output
from pipeline.errors import InputError, exit_cleanly


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; ``arguments`` are ``sys.argv``'s if None. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest='command', required=True)
    commands.add_parser('list', help='all assets')
    get = commands.add_parser('fetch', help='download what is not here yet')
    get.add_argument('names', nargs='*', metavar='NAME', default=list(EMBEDDED))
    where = commands.add_parser('path', help='print the path of the local copy')
    where.add_argument('name', metavar='NAME')
    args = parser.parse_args(arguments)

    if args.command == 'list':
        width = max(map(len, ASSETS))
        for name, entry in ASSETS.items():
            size = f'{entry.size / 1e6:.1f} MB' if entry.size else '?'
            here = 'here' if find(name) else '-'
            print(f'{name:<{width}}  {here:<4}  {size:>9}  {entry.licence:<12}  {entry.origin}')
    elif args.command == 'fetch':
        for entry in [asset(name) for name in args.names]:  # unknown names are told before any download
            print(fetch(entry.name))
    else:
        path = find(args.name)
        if path is None:
            raise InputError(f'{args.name} is not on this machine; get it with: {parser.prog} fetch {args.name}')
        print(path)
    if lost := lost_output():
        raise InputError(f'standard output: cannot be written to ({lost})')
    return 0

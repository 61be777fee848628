"""Store the weights of a trained network as float16, as those that come with this package are.

    tools/research/halve_weights.py work_dirs/temporal_coco17_cmu/refiner.pth --out pipeline/weights/lifter_coco17.pth

What only matters in training (``fast_training``) is switched off. ``pipeline/weights/SHA256SUMS`` has to be made anew.
"""

import argparse
import sys
from pathlib import Path
from typing import Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pipeline.errors import InputError, exit_cleanly  # noqa: E402


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('weights', help='a file that training wrote (refiner.pth)')
    parser.add_argument('--out', required=True, help='the file to write')
    parser.add_argument('--force', action='store_true', help='replace an existing file')
    return parser.parse_args(arguments)


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    from pipeline.backends.checkpoint import FORMAT, read_checkpoint, save_model

    content = read_checkpoint(options.weights)
    if content.get('format') != FORMAT:
        raise InputError(f'{options.weights}: not a file of this project ({FORMAT!r})')
    config = {name: value for name, value in content['config'].items() if name != 'fast_training'}
    save_model(options.out, config, content['state_dict'], content.get('meta'), half=True, force=options.force)


if __name__ == '__main__':
    sys.exit(main())

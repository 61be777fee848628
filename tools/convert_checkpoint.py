#!/usr/bin/env python3
"""Published checkpoints into files that this project loads.

    python tools/convert_checkpoint.py hanet IN.pth.tar OUT.pth --config configs/hanet/hanet_h36m-3d_fcn.py
    python tools/convert_checkpoint.py dcpose IN.pth OUT.pth
    python tools/convert_checkpoint.py dsta IN.pth OUT.pth
    python tools/convert_checkpoint.py openmmlab IN.pth OUT.pth
    python tools/convert_checkpoint.py joints pipeline/weights/hanet_coco17.pth OUT.pth --to posetrack15

HANet's config is that of the task: it adds what a checkpoint does not say, normalisation and frames of a window, so
that OUT.pth runs in tools/test.py with this config, in tools/demo.py --refiner, and as load_from of a training.

openmmlab takes the weights out of a checkpoint of MMDetection or MMPose, 2.x and 0.x too, that is refused because
training left objects in it (Namespace, PosixPath, datetime, ConfigDict …); these are left behind.
The last one is no conversion but a beginning: a trained refiner's weights for other joints, to be trained on.
Files are opened for their weights only: nothing in them is run.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Dict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import Tensor  # noqa: E402

from pipeline.backends.checkpoint import check_weights, read_checkpoint, save_model  # noqa: E402
from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.files import atomic_path, check_writable  # noqa: E402

# per joint set: what the joints that COCO lacks begin as
STAND_INS = {'posetrack15': {'head_bottom': ('left_ear', 'right_ear'), 'head_top': ('left_eye', 'right_eye')}}


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    models = parser.add_subparsers(dest='model', required=True, metavar='MODEL')
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument('input', type=Path, help='the published checkpoint')
    common.add_argument('output', type=Path, help='the file to write')
    common.add_argument('--force', action='store_true', help='replace the output if it exists')

    hanet = models.add_parser('hanet', parents=[common], help='HANet (WACV 2023)')
    hanet.add_argument('--config', type=Path, help='the training config of its task, such as configs/hanet/hanet_*.py')
    bare = hanet.add_argument_group('without a config, for the network alone (HANet.from_checkpoint)')
    bare.add_argument('--window', type=int, metavar='T', help='frames of a window')
    bare.add_argument('--interval', type=int, metavar='N', help='every N-th frame is sampled')
    bare.add_argument(
        '--cross-mask',
        choices=('plus-one', 'masked'),
        default='plus-one',
        help='what the decoder makes of unsampled frames: plus-one is what torch 1.9 to 1.12 '
        'did with the published code, masked what it meant (default: %(default)s)',
    )
    hanet.set_defaults(run=convert_hanet)
    for name, title in (('dcpose', 'DCPose (CVPR 2021)'), ('dsta', 'DSTA (CVPR 2024)')):
        models.add_parser(name, parents=[common], help=title).set_defaults(run=convert_estimator)
    openmmlab = models.add_parser('openmmlab', parents=[common], help='any checkpoint of MMDetection or MMPose')
    openmmlab.set_defaults(run=convert_openmmlab)
    joints = models.add_parser('joints', parents=[common], help='a refiner as the beginning of another')
    joints.add_argument('--to', choices=tuple(STAND_INS), required=True, help='the joints')
    joints.set_defaults(run=convert_joints)
    return parser.parse_args()


def convert_hanet(arguments: argparse.Namespace) -> None:
    """Write a refiner, or a file for ``HANet.from_checkpoint``, whose config follows from the weights."""
    from pipeline.networks.refiners.hanet import HANet
    from pipeline.networks.refiners.hanet.convert import convert, infer_config

    if bool(arguments.config) == bool(arguments.window and arguments.interval):
        raise InputError('hanet: give either --config, or --window and --interval')
    published = published_weights(arguments.input)
    if arguments.config:
        write_refiner(arguments, convert(published))
        return
    config = infer_config(published, arguments.window, arguments.interval, arguments.cross_mask)
    weights = convert(published)
    with torch.device('meta'):
        check_weights(HANet(**config), weights, arguments.input)  # names and shapes, no memory
    config = {'type': 'HANet', **config}
    save_model(arguments.output, config, weights, source(arguments), force=arguments.force)
    print(
        f'{arguments.output}: HANet of {config["num_keypoints"]} joints in {config["dims"]}D, '
        f'{sum(value.numel() for value in weights.values()) / 1e6:.1f} M parameters'
    )


def write_refiner(arguments: argparse.Namespace, weights: Dict[str, Tensor]) -> None:
    """Write HANet's weights as the refiner of a training config, for demo, test and ``load_from``.

    Raises:
        InputError: if the config is not of a HANet, or the weights are of another one.
    """
    from mmengine.config import Config

    from pipeline.backends.registered import build_registered
    from pipeline.networks.refiners.sequence_refiner import save_refiner

    if not arguments.config.is_file():
        raise InputError(f'{arguments.config}: no such config')
    model = Config.fromfile(str(arguments.config)).to_dict().get('model', {})
    if model.get('type') != 'SequenceRefiner' or model['backbone'].get('type') != 'HANet':
        raise InputError(f'{arguments.config}: is not the config of a HANet')
    model.pop('loss', None)  # a training's
    with torch.device('meta'):
        refiner = build_registered(model)
    weights = {f'backbone.{name}': value for name, value in weights.items()}
    check_weights(refiner, weights, arguments.input)
    refiner.load_state_dict(weights, assign=True)
    save_refiner(arguments.output, refiner, model, source(arguments), force=arguments.force)
    print(
        f'{arguments.output}: refiner of {refiner.num_keypoints} joints in {refiner.dims}D, windows of '
        f'{refiner.window} frames, normalised by {type(refiner.normaliser).__name__}'
    )


def convert_estimator(arguments: argparse.Namespace) -> None:
    """Write a checkpoint for MMPose's ``init_model``."""
    from pipeline.networks.estimators import published_weights

    convert = getattr(published_weights, f'convert_{arguments.model}')
    weights = convert(published_weights(arguments.input))
    with atomic_path(arguments.output, arguments.force) as temporary:
        torch.save({'state_dict': weights, 'meta': source(arguments)}, temporary)
    print(f'{arguments.output}: {len(weights)} weights')


def convert_openmmlab(arguments: argparse.Namespace) -> None:
    """Write the weights, and what is plain of the notes beside them, such as the classes."""
    from pipeline.backends.openmmlab.checkpoint import read_inert, without_averages

    content, discarded = read_inert(arguments.input)
    weights = without_averages(weights_in(content, arguments.input))
    meta = content.get('meta')
    notes = {key: value for key, value in (meta if isinstance(meta, dict) else {}).items() if is_plain((key, value))}
    with atomic_path(arguments.output, arguments.force) as temporary:
        torch.save({'state_dict': dict(weights), 'meta': {**notes, **source(arguments)}}, temporary)
    print(f'{arguments.output}: {len(weights)} weights; left behind: {", ".join(discarded) or "nothing"}')


def is_plain(value: Any, depth: int = 20) -> bool:
    """Whether ``value`` is nothing but numbers, texts and arrays, nested no deeper than notes are."""
    if isinstance(value, (dict, list, tuple)):
        items = [*value, *value.values()] if isinstance(value, dict) else value
        return depth > 0 and all(is_plain(item, depth - 1) for item in items)
    return value is None or isinstance(value, (str, bytes, int, float, np.generic, np.ndarray, Tensor))


def convert_joints(arguments: argparse.Namespace) -> None:
    """Write weights for ``load_from`` of a training config."""
    from pipeline.networks.refiners.sequence_refiner import load_refiner
    from pipeline.training.joint_sets import JOINT_SETS
    from pipeline.training.joint_transfer import joint_matrix, transfer_joints

    refiner = load_refiner(arguments.input)
    names = JOINT_SETS[arguments.to].names
    weights = transfer_joints(refiner, joint_matrix(refiner.keypoint_names, names, STAND_INS[arguments.to]))
    with atomic_path(arguments.output, arguments.force) as temporary:
        torch.save({'state_dict': weights, 'meta': source(arguments)}, temporary)
    print(f'{arguments.output}: {len(names)} joints')


def published_weights(path: Path) -> Dict[str, Tensor]:
    """The weights in a training checkpoint, or in a file that is nothing but weights.

    Raises:
        InputError: if the file cannot be read or holds no weights.
    """
    return weights_in(read_checkpoint(path), path)


def weights_in(content: dict, path: Path) -> Dict[str, Tensor]:
    """The same, of a file's content."""
    weights = content.get('state_dict', content)
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        found = ', '.join(map(str, list(content)[:5])) or 'nothing'
        raise InputError(f'{path}: holds no weights (a state_dict is needed, found {found})')
    return weights


def source(arguments: argparse.Namespace) -> dict:
    return {'converted_from': arguments.input.name}


@exit_cleanly
def main() -> None:
    arguments = parse_arguments()
    check_writable(arguments.output, arguments.force)  # before minutes of reading
    arguments.run(arguments)


if __name__ == '__main__':
    sys.exit(main())

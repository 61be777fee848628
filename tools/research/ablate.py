"""Train HANet without its parts, one after another, and print Tables 4 and 5 of the paper for Human3.6M in 2D.

    tools/research/ablate.py --data DATA/h36m --out work_dirs/ablation

Every row has the same data, batches, seed and iterations. A row that was trained before is
not trained again, so a stopped run goes on where it was.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional, Sequence

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402

from pipeline.errors import InputError, exit_cleanly  # noqa: E402
from pipeline.refine.network import NetworkSmoother  # noqa: E402
from pipeline.refine.window_options import WindowOptions  # noqa: E402
from pipeline.training.sources import h36m  # noqa: E402
from tools import train  # noqa: E402
from tools.research.evaluate_refiners import measure, refine  # noqa: E402

CONFIG = Path(__file__).resolve().parents[2] / 'configs' / 'hanet' / 'hanet_ablation_h36m-2d_hourglass.py'


@dataclass(frozen=True)
class Variant:
    """One row.

    Attributes:
        table: '4' or '5'.
        label: what the row has.
        changes: of the complete network's config.
        paper: the paper's PCK@0.05 on Sub-JHMDB, percent.
    """

    table: str
    label: str
    changes: Dict[str, object]
    paper: float


def _network(**changes) -> Dict[str, object]:
    return {f'model.backbone.{key}': value for key, value in changes.items()}


def _mutual(*norms: str) -> Dict[str, object]:
    return {'model.loss.mutual_norms': list(norms)} if norms else {'model.loss.mutual_weight': 0.0}


_PLAIN = dict(use_neighbours=False, use_flow=False, use_velocity=False, use_acceleration=False, motion_affine=False)
VARIANTS = {
    'plain': Variant('4', '4 levels, plain encoder', {**_network(num_levels=4, hierarchical=False), **_mutual()}, 83.8),
    'hierarchical': Variant('4', '4 levels, hierarchical', {**_network(num_levels=4), **_mutual()}, 86.1),
    'mutual_l2': Variant('4', '4 levels, hierarchical, mutual L2', {**_network(num_levels=4), **_mutual('l2')}, 85.8),
    'mutual_l1': Variant('4', '4 levels, hierarchical, mutual L1', {**_network(num_levels=4), **_mutual('l1')}, 86.7),
    'four': Variant('4', '4 levels, hierarchical, mutual L1 + L2', _network(num_levels=4), 87.2),
    'complete': Variant('4', '5 levels: complete', {}, 91.9),
    'six': Variant('4', '6 levels', _network(num_levels=6), 90.2),
    'no_kinematics': Variant('5', 'sampled poses only', _network(**_PLAIN), 86.5),
    'flow': Variant('5', '+ flow', _network(**{**_PLAIN, 'use_flow': True}), 88.4),
    'velocity': Variant('5', '+ velocity', _network(**{**_PLAIN, 'use_flow': True, 'use_velocity': True}), 90.6),
    'acceleration': Variant('5', '+ acceleration', _network(use_neighbours=False, motion_affine=False), 91.5),
    'complete_5': Variant('5', '+ weights and biases, neighbours: complete', {}, 91.9),
}
SAME_AS = {'complete_5': 'complete'}  # one training, a row in both tables


def parse_arguments(arguments: Optional[Sequence[str]] = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True, help='folder of the Human3.6M pairs')
    parser.add_argument('--out', required=True, help='folder of the trainings, and of table.json')
    parser.add_argument('--only', nargs='+', metavar='NAME', help='of ' + ', '.join(VARIANTS))
    parser.add_argument('--iterations', type=int, help="of every training (default: the config's)")
    parser.add_argument('--seeds', type=int, nargs='+', default=[1], help='train every row with each of these')
    parser.add_argument('--every', type=int, default=10, help='evaluate on every n-th test sequence')
    parser.add_argument('--step', type=int, default=13, help='frames between windows (the chain: 25)')
    parser.add_argument('--device', default='auto', help='cpu, cuda, cuda:1 …; auto: a GPU where torch sees one')
    parser.add_argument('--threads', type=int, default=1)
    return parser.parse_args(arguments)


def train_variant(name: str, seed: int, options: argparse.Namespace) -> Path:
    """Train a row unless it is there; its weights."""
    folder = Path(options.out) / f'{SAME_AS.get(name, name)}_seed{seed}'
    weights, done = folder / 'refiner.pth', folder / 'done.json'
    changes = {**VARIANTS[name].changes, 'train_dataloader.dataset.source.folder': options.data}
    if options.iterations:
        if options.iterations % 100:
            raise InputError(f'--iterations {options.iterations}: hundreds are needed')
        changes.update({'train_cfg.max_epochs': options.iterations // 100, 'param_scheduler.1.end': options.iterations})
    record = json.dumps({key: str(value) for key, value in changes.items()}, indent=1)
    if not (done.is_file() and weights.is_file() and done.read_text() == record):
        pairs = [f'{key}={json.dumps(value) if isinstance(value, list) else value}' for key, value in changes.items()]
        if train.main(
            [
                str(CONFIG),
                '--work-dir',
                str(folder),
                '--seed',
                str(seed),
                '--threads',
                str(options.threads),
                '--device',
                options.device,
                '--cfg-options',
                *pairs,
            ]
        ):
            raise InputError(f'{name}: the training stopped with an error')
        done.write_text(record)
    return weights


def print_tables(rows: Dict[str, dict]) -> None:
    for table in ('4', '5'):
        chosen = {
            name: row for name, row in rows.items() if VARIANTS.get(name, Variant(table, '', {}, 0)).table == table
        }
        print(
            f'\nTable {table}\n\n| network | parameters | error px | PCK@0.05 | PCK@0.1 | MPJVE px/frame '
            '| accel px/frame² | jerk px/frame³ | paper, PCK@0.05 on Sub-JHMDB |'
        )
        print('|' + ' --- |' * 9)
        for name, row in chosen.items():
            variant = VARIANTS.get(name)
            spread = f' ± {row["spread"]:.2f}' if 'spread' in row else ''
            print(
                f'| {variant.label if variant else name} | {row.get("parameters", 0) / 1e6:.2f} M | '
                f'{row["error"]:.2f}{spread} | {100 * row["pck05"]:.1f} | {100 * row["pck10"]:.1f} | '
                f'{row["mpjve"]:.2f} | {row["accel"]:.2f} | {row["jerk"]:.2f} | '
                f'{variant.paper if variant else "56.9"} |'
            )


@exit_cleanly
def main(arguments: Optional[Sequence[str]] = None) -> None:
    options = parse_arguments(arguments)
    names = options.only or list(VARIANTS)
    unknown = [name for name in names if name not in VARIANTS]
    if unknown:
        raise InputError(f'--only {unknown[0]}: allowed are {", ".join(VARIANTS)}')
    import torch

    from pipeline.backends.devices import check_device
    from pipeline.networks.refiners.sequence_refiner import load_refiner

    torch.set_num_threads(options.threads)
    device = check_device(options.device)
    test = h36m.load_h36m_2d(options.data, h36m.TEST_SUBJECTS, every=options.every)
    rows = {'input': measure(test, [s.estimate for s in test])}
    for name in names:
        measured = []
        for seed in options.seeds:
            refiner = load_refiner(train_variant(name, seed, options), device)
            smoother = NetworkSmoother(
                refiner, h36m.MPII_NAMES, WindowOptions(threads=options.threads, step=options.step), device
            )
            measured.append(measure(test, refine(smoother, test)))
        rows[name] = {key: float(np.mean([m[key] for m in measured])) for key in measured[0]}
        rows[name]['parameters'] = sum(p.numel() for p in refiner.parameters())
        if len(measured) > 1:
            rows[name]['spread'] = float(np.std([m['error'] for m in measured], ddof=1))
        Path(options.out, 'table.json').write_text(json.dumps(rows, indent=1))
    print(f'{len(test)} sequences, {sum(map(len, test))} frames, seeds {options.seeds}')
    print_tables(rows)


if __name__ == '__main__':
    sys.exit(main())

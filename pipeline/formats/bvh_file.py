"""BVH, the motion files of Blender, MotionBuilder and game engines: one per person, by ``--3d``.

``clip.bvh`` becomes ``clip_id1.bvh`` … A skeleton of 17 bones of fixed length in a T pose that looks along z, y up;
metres; the hips move, all else turns (Z, X, Y). Where the person is missing for a while the motion is interpolated. The
run's record is beside them in ``clip.bvh.run.json``.
"""

from typing import Iterator, List

import numpy as np

from pipeline.formats.in_space import SpaceExporter, SpaceTrack
from pipeline.formats.rig import ENDS, NAMES, PARENTS, Motion, filled, rigged
from pipeline.formats.upright import Room
from pipeline.registry import WRITERS


@WRITERS.register_module(name='bvh')
class BvhExporter(SpaceExporter):
    """Writes one file a person, from the first frame to the last one in which the person is."""

    suffix = '.bvh'
    what = '--bvh'
    one_a_person = True

    def _save(self, tracks: List[SpaceTrack], room: Room) -> None:
        for track in tracks:
            joints, _ = filled(track.joints, track.positions)
            with open(self._new_file(self.person_path(track.id)), 'w', encoding='utf-8', newline='\n') as file:
                file.writelines(bvh_lines(rigged(joints, self.skeleton.names), float(self.video.fps)))


def bvh_lines(motion: Motion, fps: float) -> Iterator[str]:
    """The file, line by line."""
    from scipy.spatial.transform import Rotation

    yield 'HIERARCHY\n'
    yield from _bone(motion, 0, 0)
    yield f'MOTION\nFrames: {len(motion.hips)}\nFrame Time: {1 / fps:.8f}\n'
    turning = [NAMES.index(name) for name in _order(0)]
    # BVH names rotations in the order in which they are multiplied
    angles = Rotation.from_quat(motion.turns[:, turning].reshape(-1, 4)).as_euler('ZXY', degrees=True)
    rows = np.concatenate([motion.hips, angles.reshape(len(motion.hips), -1)], axis=1)
    for row in rows:
        yield ' '.join(f'{value:.5f}' for value in row) + '\n'


def _order(bone: int) -> Iterator[str]:
    """Names of the bones that turn, as the hierarchy lists them."""
    if NAMES[bone] not in ENDS:
        yield NAMES[bone]
        for child in _children(bone):
            yield from _order(child)


def _children(bone: int) -> List[int]:
    return [child for child, parent in enumerate(PARENTS) if parent == bone]


def _bone(motion: Motion, bone: int, depth: int) -> Iterator[str]:
    inset, name = '  ' * depth, NAMES[bone]
    if name in ENDS:  # a joint without rotation would be one more to animate
        yield f'{inset}End Site\n{inset}{{\n{inset}  OFFSET {_numbers(motion.offsets[bone])}\n{inset}}}\n'
        return
    moves = 'Xposition Yposition Zposition ' if bone == 0 else ''
    yield f'{inset}{"JOINT" if depth else "ROOT"} {name}\n{inset}{{\n{inset}  OFFSET {_numbers(motion.offsets[bone])}\n'
    yield f'{inset}  CHANNELS {6 if moves else 3} {moves}Zrotation Xrotation Yrotation\n'
    for child in _children(bone):
        yield from _bone(motion, child, depth + 1)
    yield f'{inset}}}\n'


def _numbers(values: np.ndarray) -> str:
    return ' '.join(f'{value:.6f}' for value in values)

"""glTF 2.0 (binary), 3D that moves in Blender, browsers and engines: one file, everybody a body of capsules.

``clip.glb``, by ``--3d``, has for each person a skin over 17 bones, and one animation for all; metres, y up, the floor
at 0. Who is missing for a while is scaled to nothing. The run's record is beside it in ``clip.glb.run.json``.
"""

import colorsys
from typing import Any, List, Tuple

import numpy as np

from pipeline.formats.capsules import body_of
from pipeline.formats.in_space import SpaceExporter, SpaceTrack
from pipeline.formats.rig import BONES, ENDS, NAMES, PARENTS, filled, rigged
from pipeline.formats.upright import Room
from pipeline.registry import WRITERS


@WRITERS.register_module(name='gltf')
class GltfExporter(SpaceExporter):
    """Writes one ``.glb`` by pygltflib."""

    suffix = '.glb'
    what = '--gltf'
    packages = ('pygltflib',)

    def _save(self, tracks: List[SpaceTrack], room: Room) -> None:
        document = _Document()
        times = self._times
        for track in tracks:
            document.add(track, times - times[0], self.skeleton.names)
        if tracks:
            document.save(self._new_file(self.path))


class _Document:
    """A glTF document that grows by people."""

    def __init__(self) -> None:
        import pygltflib

        self._lib: Any = pygltflib
        self._gltf: Any = pygltflib.GLTF2(
            asset=pygltflib.Asset(version='2.0', generator='smooth-poses'),
            scene=0,
            scenes=[pygltflib.Scene(name='room', nodes=[])],
            animations=[pygltflib.Animation(name='motion')],
        )
        self._blob: List[bytes] = []
        self._size = 0

    def add(self, track: SpaceTrack, times: np.ndarray, names: Tuple[str, ...]) -> None:
        """Add one person; ``times`` are seconds of every frame of the run."""
        lib, gltf = self._lib, self._gltf
        joints, there = filled(track.joints, track.positions)
        motion = rigged(joints, names)
        rest = _rest(motion.offsets)
        first = len(gltf.nodes)
        for b, (name, _, _) in enumerate(BONES):
            children = [first + child for child, parent in enumerate(PARENTS) if parent == b]
            place = motion.hips[0] if b == 0 else motion.offsets[b]
            gltf.nodes.append(
                lib.Node(
                    name=f'{name}_id{track.id}', translation=place.tolist(), children=children, rotation=[0, 0, 0, 1]
                )
            )
        skin = lib.Skin(
            name=f'id{track.id}',
            joints=list(range(first, first + len(BONES))),
            skeleton=first,
            inverseBindMatrices=self._accessor(_bind(rest), 'MAT4'),
        )
        gltf.skins.append(skin)
        gltf.meshes.append(self._mesh(track.id, motion.offsets, rest))
        gltf.nodes.append(lib.Node(name=f'id{track.id}', mesh=len(gltf.meshes) - 1, skin=len(gltf.skins) - 1))
        # the mesh stands beside the bones: a skin's own place does not count
        gltf.scenes[0].nodes += [first, len(gltf.nodes) - 1]
        moments = times[track.positions[0] : track.positions[-1] + 1].astype(np.float32)
        moment = self._accessor(moments, 'SCALAR', bounds=True)
        self._animate(first, 'translation', moment, motion.hips.astype(np.float32))
        for b, name in enumerate(NAMES):
            if name not in ENDS:
                self._animate(first + b, 'rotation', moment, motion.turns[:, b].astype(np.float32))
        self._show(first, moments, there, float(times[0]), float(times[-1]))

    def save(self, path: str) -> None:
        """Write all as one binary file."""
        self._gltf.buffers = [self._lib.Buffer(byteLength=self._size)]
        self._gltf.set_binary_blob(b''.join(self._blob))
        with open(path, 'wb') as file:
            file.write(b''.join(self._gltf.save_to_bytes()))

    def _mesh(self, track_id: int, offsets: np.ndarray, rest: np.ndarray) -> Any:
        lib, body = self._lib, body_of(offsets, rest)
        carried = np.zeros((len(body.points), 4), np.uint8)
        carried[:, 0] = body.bones
        weights = np.zeros((len(body.points), 4), np.float32)
        weights[:, 0] = 1
        attributes = lib.Attributes(
            POSITION=self._accessor(body.points, 'VEC3', bounds=True, target=lib.ARRAY_BUFFER),
            NORMAL=self._accessor(body.normals, 'VEC3', target=lib.ARRAY_BUFFER),
            JOINTS_0=self._accessor(carried, 'VEC4', target=lib.ARRAY_BUFFER),
            WEIGHTS_0=self._accessor(weights, 'VEC4', target=lib.ARRAY_BUFFER),
        )
        colour = colorsys.hls_to_rgb((0.58 + 0.381966 * (track_id - 1)) % 1, 0.55, 0.6)
        self._gltf.materials.append(
            lib.Material(
                name=f'id{track_id}',
                pbrMetallicRoughness=lib.PbrMetallicRoughness(
                    baseColorFactor=[*colour, 1.0], metallicFactor=0.0, roughnessFactor=0.7
                ),
            )
        )
        faces = self._accessor(body.triangles.reshape(-1), 'SCALAR', target=lib.ELEMENT_ARRAY_BUFFER)
        part = lib.Primitive(attributes=attributes, indices=faces, material=len(self._gltf.materials) - 1)
        return lib.Mesh(name=f'id{track_id}', primitives=[part])

    def _show(self, node: int, moments: np.ndarray, there: np.ndarray, begin: float, end: float) -> None:
        """Scale the person to nothing while missing, by steps."""
        changes = np.flatnonzero(np.diff(there.astype(int))) + 1
        keys = [(float(moments[0]), 1.0), *((float(moments[k]), float(there[k])) for k in changes)]
        if moments[0] > begin:
            keys.insert(0, (begin, 0.0))
        if moments[-1] < end:
            keys.append((float(moments[-1]) + 1e-3, 0.0))
        if len(keys) > 1:
            when, scale = np.array(keys, np.float32).T
            self._animate(
                node, 'scale', self._accessor(when, 'SCALAR', bounds=True), np.repeat(scale[:, None], 3, 1), 'STEP'
            )

    def _animate(self, node: int, path: str, moment: int, values: np.ndarray, way: str = 'LINEAR') -> None:
        lib, animation = self._lib, self._gltf.animations[0]
        output = self._accessor(values, 'VEC4' if values.shape[1] == 4 else 'VEC3')
        animation.samplers.append(lib.AnimationSampler(input=moment, output=output, interpolation=way))
        target = lib.AnimationChannelTarget(node=node, path=path)
        animation.channels.append(lib.AnimationChannel(sampler=len(animation.samplers) - 1, target=target))

    def _accessor(self, values: np.ndarray, kind: str, bounds: bool = False, target: Any = None) -> int:
        """Put an array into the buffer; returns the number it is known by."""
        lib, gltf = self._lib, self._gltf
        types = {'f': lib.FLOAT, 'B': lib.UNSIGNED_BYTE, 'H': lib.UNSIGNED_SHORT}
        data = np.ascontiguousarray(values).tobytes()
        gltf.bufferViews.append(lib.BufferView(buffer=0, byteOffset=self._size, byteLength=len(data), target=target))
        rows = values.reshape(len(values), -1)
        more = dict(min=rows.min(0).tolist(), max=rows.max(0).tolist()) if bounds else {}
        gltf.accessors.append(
            lib.Accessor(
                bufferView=len(gltf.bufferViews) - 1,
                componentType=types[values.dtype.char],
                count=len(values),
                type=kind,
                **more,
            )
        )
        padding = -len(data) % 4
        self._blob.append(data + b'\0' * padding)
        self._size += len(data) + padding
        return len(gltf.accessors) - 1


def _rest(offsets: np.ndarray) -> np.ndarray:
    """``(B, 3)`` m, where bones begin when nothing turns and the hips are at 0."""
    rest = np.zeros_like(offsets)
    for b, parent in enumerate(PARENTS):
        if parent >= 0:
            rest[b] = rest[parent] + offsets[b]
    return rest


def _bind(rest: np.ndarray) -> np.ndarray:
    """``(B, 16)`` float32 inverse bind matrices, column by column."""
    matrices = np.tile(np.eye(4, dtype=np.float32), (len(rest), 1, 1))
    matrices[:, 3, :3] = -rest
    return matrices.reshape(-1, 16)

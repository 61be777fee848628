"""Metrics of refined SMPL bodies: rotations without, joints with the user's body model."""

from pathlib import Path
from typing import Dict, List, Optional, Sequence, Union

import numpy as np
from mmpose.registry import METRICS

from pipeline.errors import InputError
from pipeline.evaluation.protocols import Evaluated, evaluate
from pipeline.evaluation.refinement_metric import RefinementMetric
from pipeline.evaluation.rotations import axis_angle_from_6d, geodesic_distance, matrix_from_6d

NUM_JOINTS = 24  # of SMPL's own skeleton, the pelvis first


class BodyModel:
    """SMPL by the ``smplx`` package, from rotations and shapes to joints.

    Args:
        folder: holds ``SMPL_NEUTRAL.pkl`` or ``.npz`` (or a folder ``smpl`` with it), which everybody
            must fetch for themselves from https://smpl.is.tue.mpg.de after accepting its licence.
        regressor: optionally an ``.npy`` ``(J, 6890)`` that makes other joints of the vertices, such as
            the ``J_regressor_h36m.npy`` of 3DPW's usual evaluation.
        joints: of the regressed joints, those to take.

    Raises:
        InputError: if the package or a file is missing or cannot be used.
    """

    def __init__(
        self, folder: Union[str, Path], regressor: Optional[str] = None, joints: Optional[Sequence[int]] = None
    ):
        try:
            import smplx
        except ImportError as error:
            raise InputError('smplx: body meshes need this package (pip install smplx==0.1.28)') from error
        folder = Path(folder)
        names = [folder / part / f'SMPL_NEUTRAL.{kind}' for part in ('', 'smpl') for kind in ('npz', 'pkl')]
        path = next((name for name in names if name.is_file()), None)
        if path is None:
            raise InputError(
                f'{folder}: no SMPL_NEUTRAL.pkl or SMPL_NEUTRAL.npz here; fetch it from '
                'https://smpl.is.tue.mpg.de after accepting its licence'
            )
        try:
            self.model = smplx.SMPL(
                str(path),
                gender='neutral',
                create_body_pose=False,
                create_betas=False,
                create_global_orient=False,
                create_transl=False,
            )
        except (ImportError, KeyError, ValueError, OSError) as error:
            raise InputError(f'{path}: smplx cannot use this file ({error})') from error
        self.regressor, self.chosen = None, None if joints is None else list(joints)
        if regressor is not None:
            if not Path(regressor).is_file():
                raise InputError(f'{regressor}: no such joint regressor')
            self.regressor = np.load(regressor, allow_pickle=False).astype(np.float32)

    def joints(self, rotations: np.ndarray, shape: Optional[np.ndarray] = None, batch_size: int = 256) -> np.ndarray:
        """Joints of posed bodies, not moved.

        Args:
            rotations: ``(S, 24, 6)``.
            shape: ``(S, 10)`` coefficients; the mean body by default.
            batch_size: bodies at a time.

        Returns:
            ``(S, J, 3)`` metres.
        """
        import torch

        vectors = axis_angle_from_6d(rotations).astype(np.float32)
        shape = np.zeros((len(vectors), 10), np.float32) if shape is None else shape.astype(np.float32)
        parts = []
        for i in range(0, len(vectors), batch_size):
            pose = torch.from_numpy(vectors[i : i + batch_size])
            with torch.no_grad():
                body = self.model(
                    betas=torch.from_numpy(shape[i : i + batch_size]),
                    global_orient=pose[:, 0],
                    body_pose=pose[:, 1:].flatten(1),
                    transl=pose.new_zeros(len(pose), 3),
                )
            parts.append(
                body.joints[:, :NUM_JOINTS].numpy()
                if self.regressor is None
                else np.einsum('jv,svd->sjd', self.regressor, body.vertices.numpy())
            )
        joints = np.concatenate(parts)
        return joints if self.chosen is None else joints[:, self.chosen]


@METRICS.register_module()
class BodyMeshMetric(RefinementMetric):
    """Rotation error in degrees, and MPJPE, PA-MPJPE, MPJVE, Accel, jerk in mm of the joints that the rotations pose.

    Estimates are posed with the estimator's shapes, truths with theirs (the mean body where a data set has
    none, as AIST++), relative to the root. Windows are blended as 6D rotations.

    Args:
        report: of 'mpjpe', 'pa-mpjpe', 'mpjve', 'accel', 'jerk'; these need ``body_model``.
        body_model: folder of the SMPL files; None reports the rotation error only.
        regressor, joints: see :class:`BodyModel`.
        protocol: as for :class:`RefinementMetric`.
        root: joints whose mean is the root.

    Raises:
        InputError: if joints are asked for without a body model, or it cannot be read.
    """

    fields = RefinementMetric.fields + ('true_shape', 'estimated_shape')

    def __init__(
        self,
        report: Sequence[str] = (),
        body_model: Optional[str] = None,
        regressor: Optional[str] = None,
        joints: Optional[Sequence[int]] = None,
        protocol: str = 'corrected',
        root: Sequence[int] = (0,),
        collect_device: str = 'cpu',
        prefix: Optional[str] = None,
    ):
        super().__init__(report, protocol, 1000.0, (), collect_device, prefix)
        if report and body_model is None:
            raise InputError(f'report {", ".join(report)}: needs body_model, the folder of the SMPL files')
        self.body = None if body_model is None else BodyModel(body_model, regressor, joints)
        self.body_root = list(root)

    def numbers(self, sequences: Sequence[List[dict]], name: str) -> Dict[str, float]:
        stitched = [self.stitched(windows, name) for windows in sequences]
        angles = [geodesic_distance(matrix_from_6d(s.prediction), matrix_from_6d(s.truth)) for s in stitched]
        table = {'rotation': float(np.nanmean(np.concatenate(angles)))}  # NaN: frames of padding
        if self.body is None:
            return table
        posed = [
            Evaluated(
                self._joints(s.prediction, windows, 'estimated_shape'),
                self._joints(s.truth, windows, 'true_shape'),
                fps=s.fps,
            )
            for s, windows in zip(stitched, sequences)
        ]
        return {**table, **evaluate(posed, self.report, self.protocol, self.unit)}

    def _joints(self, rotations: np.ndarray, windows: List[dict], shape: str) -> np.ndarray:
        shapes = self.blend(windows, shape) if shape in windows[0] else None
        joints = self.body.joints(rotations, shapes)
        return joints - joints[:, self.body_root].mean(1, keepdims=True)

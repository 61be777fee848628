"""A stand-in for ``mmcv._ext`` whose ops come from torchvision."""
import importlib.machinery
import importlib.util
import sys
import types

import torch
import torchvision


def nms(bboxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float, offset: int = 0) -> torch.Tensor:
    """Indices of kept boxes, best first. ``offset`` 1 counts both border pixels."""
    if offset:
        bboxes = torch.cat([bboxes[:, :2], bboxes[:, 2:] + offset], dim=1)
    return torchvision.ops.nms(bboxes, scores, iou_threshold)


class _Ops(types.ModuleType):
    """mmcv asks only that names exist at import; an absent op raises when called."""

    def __getattr__(self, name: str):
        if name.startswith('__'):
            raise AttributeError(name)

        def missing(*args, **kwargs):
            raise NotImplementedError(
                f'mmcv op "{name}" has no counterpart in torchvision; install a compiled mmcv '
                '(pip install --no-build-isolation --no-binary onedl-mmcv onedl-mmcv, needs a C++ compiler)')

        return missing


def install() -> None:
    """Register the stand-in unless a compiled ``mmcv._ext`` is there."""
    if 'mmcv._ext' in sys.modules or importlib.util.find_spec('mmcv._ext') is not None:
        return
    module = _Ops('mmcv._ext')
    module.__spec__ = importlib.machinery.ModuleSpec('mmcv._ext', loader=None)
    module.nms = nms
    sys.modules['mmcv._ext'] = module

"""A stand-in for ``xtcocotools`` (no wheels for NumPy 2) on top of pycocotools.

MMPose takes three things from xtcocotools: ``COCO``, ``mask`` and a ``COCOeval`` with joint
sets other than COCO's, annotations without area, CrowdPose's three grades of crowding and
the parts of COCO-WholeBody.
"""
import importlib.util
import sys
import types


def install() -> None:
    """Register the stand-in, unless the real package is there and loads."""
    if 'xtcocotools' in sys.modules:
        return
    if importlib.util.find_spec('xtcocotools') is not None:
        try:
            importlib.import_module('xtcocotools.coco')
            return
        except (ImportError, ValueError):  # compiled against NumPy 1: "numpy.dtype size changed"
            for name in [name for name in sys.modules if name.partition('.')[0] == 'xtcocotools']:
                del sys.modules[name]
    from pycocotools import mask

    from pipeline.compat import coco, cocoeval
    package = types.ModuleType('xtcocotools')
    package.__path__ = []
    package.coco, package.cocoeval, package.mask = coco, cocoeval, mask
    sys.modules.update({'xtcocotools': package, 'xtcocotools.coco': coco, 'xtcocotools.cocoeval': cocoeval,
                        'xtcocotools.mask': mask})

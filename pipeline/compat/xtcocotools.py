"""A stand-in for ``xtcocotools`` (no wheels for NumPy 2) on top of pycocotools."""
import importlib.util
import sys
import types


def install() -> None:
    """Register the stand-in unless the real package is installed."""
    if 'xtcocotools' in sys.modules or importlib.util.find_spec('xtcocotools') is not None:
        return
    from pycocotools import coco, cocoeval, mask
    package = types.ModuleType('xtcocotools')
    package.__path__ = []
    package.coco, package.cocoeval, package.mask = coco, cocoeval, mask
    sys.modules.update({'xtcocotools': package, 'xtcocotools.coco': coco,
                        'xtcocotools.cocoeval': cocoeval, 'xtcocotools.mask': mask})

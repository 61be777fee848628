"""Makes today's OpenMMLab packages work from a plain package index, without a compiler.

Import this before anything from ``mmcv.ops``, ``mmdet`` or ``mmpose``. It fills
two gaps, each only where the real thing is absent:

* ``mmcv._ext``, mmcv's compiled ops: served from torchvision (:mod:`.mmcv_ops`);
* ``xtcocotools``: served from pycocotools (:mod:`.xtcocotools`).
"""
from pipeline.compat import mmcv_ops, xtcocotools

mmcv_ops.install()
xtcocotools.install()

"""Makes today's OpenMMLab packages work from a plain package index, without a compiler.

Import this before anything from ``mmcv.ops``, ``mmdet`` or ``mmpose``, and best
before torch. It

* lets threads that wait for work sleep (:mod:`.threads`),
* provides ``mmcv._ext``, mmcv's compiled ops, from torchvision (:mod:`.mmcv_ops`),
* provides ``xtcocotools`` from pycocotools (:mod:`.xtcocotools`),
* leaves out notes that no user here can act on (:mod:`.quiet`),

the second and third only where the real thing is absent.
"""
from pipeline.compat import threads

threads.install()  # first: torch reads it when it is loaded

from pipeline.compat import mmcv_ops, quiet, xtcocotools  # noqa: E402

mmcv_ops.install()
xtcocotools.install()
quiet.install()

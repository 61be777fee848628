"""JSON: which layout a document has."""

from pathlib import Path
from typing import Any, Optional

from pipeline.formats.found_poses import FoundPoses, Given
from pipeline.formats.readers import alphapose, coco, labelstudio, mediapipe, mmpose, openpose, ultralytics

# the more particular ones first: AlphaPose's entries are COCO's with names of files
LAYOUTS = (mmpose, labelstudio, openpose, alphapose, coco, ultralytics, mediapipe)


def read(path: Path, document: Any, given: Given) -> Optional[FoundPoses]:
    """The poses in ``document``; None if no layout fits."""
    for layout in LAYOUTS:
        if layout.fits(document):
            return layout.read(path, document, given)
    return None

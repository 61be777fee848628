"""``xtcocotools.coco``: pycocotools' data set index, less strict."""
import json
from pathlib import Path
from typing import Optional, Union

from pycocotools import coco


class COCO(coco.COCO):
    """As pycocotools' class; annotations need not have ``iscrowd``, results may be empty.

    Args:
        annotation_file: JSON in COCO's layout; None for an empty index.
    """

    def __init__(self, annotation_file: Optional[str] = None):
        super().__init__(annotation_file)
        for annotation in self.dataset.get('annotations', []):
            annotation.setdefault('iscrowd', 0)

    def loadRes(self, resFile: Union[str, list]) -> coco.COCO:
        """An index of results, given as a list or as the name of a JSON file."""
        results = json.loads(Path(resFile).read_text()) if isinstance(resFile, str) else resFile
        if len(results):
            return super().loadRes(results)
        empty = COCO()
        empty.dataset = dict(images=self.dataset['images'], categories=self.dataset.get('categories', []),
                             annotations=[])
        empty.createIndex()
        return empty

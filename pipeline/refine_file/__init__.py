"""Refine poses that another tool found: ids where they are missing, the chain's refiner, the chain's files.

    found = read_found('poses.json')
    refined = refine_sequence(found, RefineOptions(refiner='hanet'))

:class:`FileChain` is the same as a chain for :func:`pipeline.run.run_video`: it writes files, and draws on the video.
:class:`CorrectedChain` does so for our own poses, with corrections by hand.
"""

from pipeline.refine_file.chain import FileChain, refine_sequence
from pipeline.refine_file.corrected import CorrectedChain
from pipeline.refine_file.source import PoseSource

__all__ = ['CorrectedChain', 'FileChain', 'PoseSource', 'refine_sequence']

"""Our own poses with the corrections that were made by hand: refined anew around them, all else as it was."""

from pathlib import Path
from typing import Any, Dict, Generator, List, Optional

from pipeline.corrections import corrected_poses, read_corrections
from pipeline.errors import InputError
from pipeline.formats import PoseFile, read_poses_json
from pipeline.protocols import Sight
from pipeline.timing import Clock
from pipeline.types import FrameResult, People
from pipeline.video import VideoSource


class CorrectedChain:
    """What :func:`pipeline.run.run_video` needs of a chain, for poses that are finished.

    Args:
        poses: a pose file, corrected.
        before: the same as it was; None if nobody was left out.

    Attributes:
        notes: nothing.
    """

    looks_back = False

    def __init__(self, poses: PoseFile, before: Optional[PoseFile] = None):
        assert poses.skeleton is not None  # as corrections have needed it
        self.skeleton = poses.skeleton
        self.notes: List[str] = []
        record = poses.run.get('options')
        self.options: Dict[str, Any] = {**(record if isinstance(record, dict) else {})}
        self.options['preset'] = str(poses.run.get('preset', ''))
        self._people = {frame.index: frame.people for frame in poses.frames}
        self._before = {frame.index: frame.people for frame in before.frames} if before else {}

    @classmethod
    def of(cls, poses: Path, corrections: Path) -> 'CorrectedChain':
        """From both files.

        Raises:
            InputError: if ``poses`` is no JSON of this program, or a correction does not fit.
        """
        file = read_poses_json(poses)
        if file.skeleton is None or not file.run:
            raise InputError(f'{corrections}: corrects what this program wrote as JSON, and {poses} is something else')
        entries = read_corrections(corrections, poses)
        return cls(corrected_poses(file, entries, place=f'{corrections}: corrections'), file)

    def results(
        self, source: VideoSource, clock: Optional[Clock] = None, sight: Optional[Sight] = None
    ) -> Generator[FrameResult, None, None]:
        """The source's frames with their people; ``sight`` is told of those too whom a correction has left out."""
        nobody = People.empty(self.skeleton.num_keypoints)
        for frame in (clock or Clock()).around('decode', source):
            result = FrameResult(frame, self._people.get(frame.index, nobody))
            if sight:
                sight(result, self.skeleton)
                if len(before := self._before.get(frame.index, nobody)):
                    sight(FrameResult(frame, before), self.skeleton)
            yield result

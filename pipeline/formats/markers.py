"""What the marker files of motion capture, TRC and C3D, have in common: where markers are, and in which unit.

Markers of a run that lifts (``--3d``) are in space, in metres. Those in the picture have y up from the centre of the
lower left pixel, in px, or in metres where a scale is given.
"""

from pathlib import Path
from typing import Optional

from pipeline.files import Force
from pipeline.formats.exporter import Exporter
from pipeline.formats.run_info import RunInfo
from pipeline.kinematics.metres import MetreOptions, MetreScale, Plane
from pipeline.skeletons import Skeleton
from pipeline.types import VideoInfo


class MarkerExporter(Exporter):
    """One file a person, of markers in the picture or in space."""

    takes = ('metres',)

    def __init__(
        self,
        path: Path,
        run: RunInfo,
        skeleton: Skeleton,
        video: VideoInfo,
        force: Force = False,
        metres: Optional[MetreOptions] = None,
    ):
        """
        Args:
            metres: how pixels become metres; None leaves them. Of people in 3D nothing has to be said.

        Raises:
            InputError: as :class:`Exporter`, or if ``metres`` says nothing.
        """
        self._in_space = bool(run.options.get('three_d'))
        self._scale = MetreScale(metres, skeleton, video.height) if metres and not self._in_space else None
        super().__init__(path, run, skeleton, video, force)

    @property
    def _units(self) -> str:
        """``m`` or ``px``."""
        return 'm' if self._scale or self._in_space else 'px'

    def _plane(self, track_id: int) -> Plane:
        """What puts points of a person in the picture where the file has them; known when the clip is over."""
        return self._scale.plane(track_id) if self._scale else Plane.of_scale(1, self.video.height)

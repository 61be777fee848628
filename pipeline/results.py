"""The results of a run as they come, frame by frame, or as one table."""

from typing import Any, Generator, Iterator

from tqdm.auto import tqdm

from pipeline.formats.tables import Moment, to_dataframe, to_xarray
from pipeline.skeletons import Skeleton
from pipeline.types import FrameResult


class Results(Generator[FrameResult, None, None]):
    """An iterator over :class:`FrameResult` s that knows how to become a table. It can be used up once.

        for result in chain.results('video.mp4'): ...
        table = chain.results('video.mp4').to_dataframe(progress=True)

    Args:
        frames: the run.
        skeleton: of its people.
        name: of the source.
        in_space: whether people are lifted to 3D.
    """

    def __init__(
        self, frames: Generator[FrameResult, None, None], skeleton: Skeleton, name: str = '', in_space: bool = False
    ):
        self._frames, self.skeleton, self._name, self._in_space = frames, skeleton, name, in_space

    def send(self, value: Any) -> FrameResult:
        return self._frames.send(value)

    def throw(self, *error: Any) -> FrameResult:
        return self._frames.throw(*error)

    def close(self) -> None:
        self._frames.close()

    def to_dataframe(self, progress: bool = False):
        """The rest of the run as a ``pandas.DataFrame``, a row per frame, person and joint.

        See :func:`pipeline.formats.tables.to_dataframe`. No picture is kept.

        Args:
            progress: show a progress bar.

        Raises:
            InputError: if pandas is not installed.
        """
        return to_dataframe(self._moments(progress), self.skeleton.names, self._in_space)

    def to_xarray(self, progress: bool = False):
        """The rest of the run as an ``xarray.Dataset``; see :func:`pipeline.formats.tables.to_xarray`."""
        return to_xarray(self._moments(progress), self.skeleton.names, self._name)

    def _moments(self, progress: bool) -> Iterator[Moment]:
        for result in tqdm(self, unit='frame', desc=self._name or None, disable=not progress):
            yield result.frame.index, result.frame.time, result.people

"""Base class of exporters: they stream, and their files appear complete or not at all."""

from abc import ABC, abstractmethod
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, List, TextIO, Tuple, Union

import numpy as np
from numpy.typing import ArrayLike

from pipeline.errors import InputError, exhausted
from pipeline.files import Force, Outputs
from pipeline.formats.run_info import RunInfo
from pipeline.skeletons import Skeleton
from pipeline.types import FrameResult, People, VideoInfo

COORDINATE_DIGITS, SCORE_DIGITS, TIME_DIGITS, METRE_DIGITS = 3, 4, 6, 4


class Exporter(ABC):
    """Writes people to a file, frame by frame, in memory that does not grow with the video.

    A context manager: leaving it closes the exporter, leaving it by an exception
    aborts it. A format of one's own says what to do in :meth:`_open`, :meth:`_write` and
    :meth:`_finish`, and registers itself in :data:`pipeline.registry.WRITERS`.

    Attributes:
        suffix: of the file's name, after the video's.
        packages: modules that the format needs beside the chain's.
        in_all: whether ``--format all`` writes it; not what needs options of its own. Or the name of the option of the
            chain with which it does.
        files: that were written; final when it is closed.
    """

    suffix = '.txt'
    packages: ClassVar[Tuple[str, ...]] = ()
    in_all: ClassVar[Union[bool, str]] = True

    def __init__(self, path: Path, run: RunInfo, skeleton: Skeleton, video: VideoInfo, force: Force = False):
        """
        Raises:
            InputError: if ``path`` cannot be written, or exists and ``force`` does not let it be replaced.
        """
        self.path, self.run, self.skeleton, self.video, self.force = path, run, skeleton, video, force
        self.files: List[Path] = []
        self._outputs = Outputs(force)
        self._stack = ExitStack()  # of what is open
        self._closed = False
        with self._guard():
            self._open()

    def write(self, result: FrameResult) -> None:
        """Write the people of one frame; frames come in order, those without people too.

        Args:
            result: the frame, of which index and time count, and its people, of the
                exporter's skeleton.

        Raises:
            InputError: if the people have another number of joints, or the disk is
                full; the export has ended then and left nothing behind.
        """
        # Ctrl-C between two frames or within one: whoever holds the exporter closes or aborts it
        frame, people = result.frame, result.people
        with self._guard(Exception):
            if people.keypoints.shape[1] != self.skeleton.num_keypoints:
                raise InputError(
                    f'{self.path}: people of {people.keypoints.shape[1]} joints, '
                    f'skeleton {self.skeleton.name!r} has {self.skeleton.num_keypoints}'
                )
            self._write(frame.index, frame.time, people)

    def close(self) -> List[Path]:
        """Complete the export and give its files their names.

        Returns:
            The files, also in :attr:`files`.
        """
        if not self._closed:
            self._closed = True
            with self._guard():
                self._finish()
                self._stack.close()  # all are complete before one gets its name
                self.files = self._place()
        return self.files

    def abort(self) -> None:
        """End the export and leave nothing behind; after :meth:`close` it does nothing."""
        if not self._closed:
            self._drop()

    def __enter__(self) -> 'Exporter':
        return self

    def __exit__(self, kind, error, trace) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def person_path(self, track_id: int) -> Path:
        """The file of one person, of formats that have one for each: of ``clip.trc`` it is ``clip_id1.trc``."""
        name, suffix = self.path.name, self.suffix
        if not name.endswith(suffix):
            suffix = self.path.suffix or suffix
        return self.path.with_name(f'{name.removesuffix(suffix)}_id{track_id}{suffix}')

    @abstractmethod
    def _open(self) -> None:
        """Open files (:meth:`_text_file`) and write what comes before the first frame."""

    @abstractmethod
    def _write(self, frame_index: int, time: float, people: People) -> None:
        """Write one frame.

        Args:
            frame_index: position in the source, from 0.
            time: seconds since the source's first frame.
            people: of :attr:`skeleton`.
        """

    def _finish(self) -> None:  # noqa: B027, a format may have nothing to add
        """Write what comes after the last frame; nothing by default."""

    def _place(self) -> List[Path]:
        """Give the files their names, and return these."""
        return self._outputs.place()

    def _text_file(self, path: Path) -> TextIO:
        """A text file that will be named ``path`` when the export is closed.

        What is not UTF-8 in the names of files becomes ``?`` in it.
        """
        temporary = self._outputs.add(path)
        return self._stack.enter_context(open(temporary, 'w', encoding='utf-8', errors='replace', newline='\n'))

    def _record_run(self) -> None:
        """Put the run's record beside formats that have no place for it: ``NAME.run.json``."""
        self._text_file(self.path.with_name(self.path.name + '.run.json')).write(self.run.to_json() + '\n')

    @contextmanager
    def _guard(self, kind=BaseException):
        """An error of ``kind`` ends the export; that of a full disk becomes an InputError."""
        try:
            yield
        except kind as error:
            self._drop()
            if isinstance(error, OSError) and exhausted(error):
                raise InputError(f'{self.path}: {exhausted(error)}') from error
            raise

    def _drop(self) -> None:
        self._closed, self.files = True, []
        with suppress(OSError):  # what a full disk did not take is not wanted any more
            self._stack.close()
        self._outputs.discard()


def rounded(values: ArrayLike, digits: int) -> Any:
    """``values`` as a number or nested lists, with ``digits`` decimals; None for what is not finite, never -0."""
    numbers = np.asarray(np.round(np.asarray(values, np.float64), digits) + 0.0)
    finite = np.isfinite(numbers)
    if finite.all():
        return numbers.tolist()
    listed = numbers.astype(object)
    listed[~finite] = None
    return listed.tolist()

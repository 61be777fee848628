"""Writers: one for each kind of file, with one interface and one rule for how they end.

A writer takes results (``write``), and ends by ``close`` (its files are whole, and in ``files``) or by
``abort`` (it leaves nothing behind). After Ctrl-C writers are closed: what was finished stays, and is whole.
After any other failure they are aborted. One that cannot be closed costs the others nothing.
"""

import hashlib
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, TypeVar, Union

import numpy as np

from pipeline.errors import InputError
from pipeline.files import Outputs, safe_name
from pipeline.formats import RunInfo, format_named, open_exporter
from pipeline.formats.calibration import read_calibration
from pipeline.kinematics.metres import MetreOptions
from pipeline.options import OutputOptions
from pipeline.protocols import Writer
from pipeline.render import Renderer, RenderOptions
from pipeline.render.window import Window
from pipeline.signals import postponed
from pipeline.skeletons import Skeleton
from pipeline.timing import Clock
from pipeline.types import FrameResult, VideoInfo
from pipeline.video import BackgroundWriter, FrameSink, VideoWriter
from pipeline.video.yuv import Planes, YuvPicture

W = TypeVar('W', bound=Writer)

# times a million pictures of each, these numbers stay exact in every JSON reader, and apart from PoseTrack's own ids
_LEAST_NUMBER, _NUMBERS = 100_000, 9_000_000_000


def output_paths(options: OutputOptions, name: str) -> Dict[str, Path]:
    """Output files by kind (``video``, a format, ``repeat``, ``report``) for the video ``name``."""
    name = safe_name(name)
    paths = {'video': options.out_dir / f'{name}_overlay.mp4'} if options.video else {}
    paths.update({form: options.out_dir / f'{name}{format_named(form).suffix}' for form in options.formats})
    if options.repeat:
        paths['repeat'] = options.out_dir / f'{name}_run.toml'
    return {**paths, 'report': options.out_dir / f'{name}_report.html'} if options.report else paths


def metre_options(options: OutputOptions, info: VideoInfo) -> Optional[MetreOptions]:
    """How pixels of a video become metres; None if that is not wanted.

    Raises:
        InputError: if it is and nothing says how, or too much, or for whatever is wrong with a calibration file.
    """
    given = [name for name in ('person_height', 'scale', 'calibration') if getattr(options, name) is not None]
    if 'metres' not in options.formats and not given:
        if options.floor:
            raise InputError(f'--floor {options.floor}: says where metres begin; give --person-height or --scale too')
        return None
    if len(given) != 1:
        flags = ' '.join(f'--{name.replace("_", "-")}' for name in given)
        raise InputError(f'{flags or "--metres"}: give one of --person-height, --scale and --calibration')
    camera = None
    if options.calibration is not None:
        if options.floor:
            raise InputError('--floor: a calibrated camera knows its floor; leave one of the two out')
        camera = read_calibration(options.calibration, info.name, (info.width, info.height))
    x1, y1, x2, y2 = map(float, (options.floor or '0,0,0,0').split(','))
    floor = (x1, y1, x2, y2) if options.floor else None
    return MetreOptions(options.person_height, options.scale, camera, floor)


def video_number(name: str) -> int:
    """A number for the video ``name`` which no other one of a batch has, and which is the same in every run.

    From its name, as workers do not know each other: of 1,000 videos two agree once in 18,000 batches.
    """
    digest = hashlib.sha256(name.encode('utf-8', 'surrogateescape')).digest()
    return _LEAST_NUMBER + int.from_bytes(digest[:8], 'big') % (_NUMBERS - _LEAST_NUMBER)


@contextmanager
def opened(writers: Iterator[W]) -> Iterator[List[W]]:
    """Open ``writers`` one by one, and end them as the module says.

    The first error counts: one that comes up while others are ended does not hide it.

    Raises:
        InputError: for what is wrong with a file; it names those that are complete all the same.
    """
    begun: List[W] = []
    try:
        for writer in writers:
            begun.append(writer)
        yield begun
    except BaseException:
        _abort(begun)
        raise
    with postponed():
        _close(begun)


def _abort(writers: Sequence[Writer]) -> None:
    for writer in writers:
        with suppress(Exception):
            writer.abort()


def _close(writers: Sequence[Writer]) -> None:
    first: Optional[Exception] = None
    whole: List[str] = []
    for writer in writers:
        try:
            whole += map(str, writer.close())
        except Exception as error:
            first = first or error
            _abort([writer])
    if isinstance(first, InputError):
        raise InputError(and_kept(str(first), whole)) from first.__cause__
    if first is not None:
        raise first


def and_kept(message: str, files: Sequence[str]) -> str:
    """``message``, and which files of the run are complete and stay."""
    return f'{message}; complete and kept: {", ".join(files)}' if files else message


def render_options(options: OutputOptions) -> RenderOptions:
    """Those that say how people are drawn."""
    return RenderOptions(
        **{f.name: getattr(options, f.name) for f in fields(RenderOptions) if hasattr(options, f.name)}
    )


class OverlayWriter:
    """Draws people onto their frames in the caller's thread, and encodes in another.

    Args:
        path: of the video.
        skeleton: of the people.
        info: of the source, for size, rate and sound.
        options: of drawing, and whether a file may be replaced.
        in_place: whether it may draw into the frames themselves, since no stage looks at them any more.
        clock: counts ``draw`` and ``encode``.

    Attributes:
        waits: whether it wants its frames when the clip is over.
    """

    def __init__(
        self, path: Path, skeleton: Skeleton, info: VideoInfo, options: OutputOptions, in_place: bool, clock: Clock
    ):
        self.files = [path]
        self.waits = options.draws_late
        self._draws_others = options.draw_others == 'faint'
        self._renderer = Renderer(skeleton, render_options(options), Fraction(info.fps))
        self._in_place, self._clock = in_place, clock
        encoder = VideoWriter(path, info, audio_from=info.path, force=options.force)
        self._sink = BackgroundWriter(_Timed(encoder, clock))

    def write(self, result: FrameResult) -> None:
        with self._clock('draw'):
            picture = result.frame.picture
            # of any other form of picture the RGB image is drawn upon
            canvas = picture if isinstance(picture, (np.ndarray, YuvPicture, Planes)) else picture.rgb
            others = result.others if self._draws_others else None
            image = self._renderer.draw(canvas, result.people, in_place=self._in_place, others=others)
        self._sink.write(image, result.frame.time)

    def close(self) -> List[Path]:
        self._sink.finish()
        return self.files

    def abort(self) -> None:
        self._sink.abort()


class PosesWriter:
    """Writes the people of each frame in one of the formats of :mod:`pipeline.formats`.

    Args:
        exporter: of the format, open.
        clock: counts ``export``.
        waits: whether it wants its frames when the clip is over.
    """

    def __init__(self, exporter: Writer, clock: Clock, waits: bool = False):
        self._exporter, self._clock, self.waits = exporter, clock, waits

    @property
    def files(self) -> List[Path]:
        return self._exporter.files

    def write(self, result: FrameResult) -> None:
        with self._clock('export'):
            self._exporter.write(result)

    def close(self) -> List[Path]:
        return self._exporter.close()

    def abort(self) -> None:
        self._exporter.abort()


class RepeatWriter:
    """Writes the TOML file that repeats the run, when the other files are complete."""

    waits = False

    def __init__(self, path: Path, options: OutputOptions):
        self.files: List[Path] = []
        self._outputs, self._closed = Outputs(options.force), False
        # names of files need not be text
        self._outputs.add(path).write_text(options.repeat, encoding='utf-8', errors='replace')

    def write(self, result: FrameResult) -> None:
        """Nothing: the file was known before the first frame."""

    def close(self) -> List[Path]:
        if not self._closed:
            self._closed, self.files = True, self._outputs.place()
        return self.files

    def abort(self) -> None:
        if not self._closed:
            self._closed = True
            self._outputs.discard()


def open_writers(
    options: OutputOptions,
    skeleton: Skeleton,
    info: VideoInfo,
    record: RunInfo,
    in_place: bool,
    clock: Clock,
    arrivals: Optional[Dict[int, float]] = None,
) -> Iterator[Union[OverlayWriter, PosesWriter, RepeatWriter, Window]]:
    """Every writer that is wanted, opened as it is asked for; a report is made later, of the others' files.

    Args:
        arrivals: for a window, see :class:`pipeline.render.window.Window`.
    """
    name = options.name or info.name
    called = replace(info, name=name, number=video_number(name))
    metres = metre_options(options, info)
    if options.show:  # first, because the overlay may draw into the frames
        drawn, paced = render_options(options), info.num_frames is not None
        yield Window(info.name, skeleton, drawn, Fraction(info.fps), {} if arrivals is None else arrivals, paced)
    for kind, path in output_paths(options, info.name).items():
        if kind == 'video':
            yield OverlayWriter(path, skeleton, info, options, in_place or options.draws_late, clock)
        elif kind == 'repeat':
            yield RepeatWriter(path, options)
        elif kind != 'report':
            known = dict(facing=options.facing, metres=metres)
            given = {name: known[name] for name in getattr(format_named(kind), 'takes', ())}
            exporter = open_exporter(kind, path, record, skeleton, called, options.force, **given)
            yield PosesWriter(exporter, clock, options.waits)


class _Timed(FrameSink):
    """A sink whose writing counts as ``encode``; waiting for its turn does not."""

    def __init__(self, sink: FrameSink, clock: Clock):
        self._sink, self._clock = sink, clock

    def write(self, image, time) -> None:
        with self._clock('encode'):
            self._sink.write(image, time)

    def finish(self) -> None:
        self._sink.finish()

    def abort(self) -> None:
        self._sink.abort()

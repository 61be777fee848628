"""One video through the chain into files: overlay, pose data, and a summary."""

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Protocol, Sequence, Tuple

from tqdm import tqdm

from pipeline.errors import InputError
from pipeline.files import check_writable
from pipeline.formats import Exporter, format_named, open_exporter, run_info
from pipeline.pipeline import VideoPipeline
from pipeline.render import Renderer, RenderOptions
from pipeline.summary import JitterMeter, Summary
from pipeline.timing import Clock
from pipeline.types import FrameResult, VideoInfo
from pipeline.video import BackgroundWriter, FrameSink, VideoSource, VideoWriter, open_source


@dataclass(frozen=True)
class OutputOptions:
    """What to write, and of which part of the video.

    Attributes:
        out_dir: folder of the files; made if need be.
        video: write ``NAME_overlay.mp4``.
        formats: out of ``json``, ``csv``, ``posetrack``, ``trc`` and those that were registered.
        report: also write ``NAME_report.html``, a page to look at (needs ``json``).
        force: replace files that exist.
        start, end: seconds (``12.5``) or frames (``'300f'``) of the source.
        reader: of video files, ``pyav`` or ``decord``.
        compare, boxes, ids, trails: see :class:`pipeline.render.RenderOptions`.
        progress: show a progress bar on the terminal.
        command: how the run was started, recorded in the files.
    """

    out_dir: Path = Path('output')
    video: bool = True
    formats: Tuple[str, ...] = ('json',)
    report: bool = False
    force: bool = False
    start: Optional[str] = None
    end: Optional[str] = None
    reader: str = 'pyav'
    compare: bool = False
    boxes: bool = False
    ids: bool = True
    trails: bool = False
    progress: bool = False
    command: str = ''

    def paths(self, name: str) -> Dict[str, Path]:
        """Output files by format for the video ``name``."""
        paths = {'video': self.out_dir / f'{name}_overlay.mp4'} if self.video else {}
        paths.update({form: self.out_dir / f'{name}{format_named(form).suffix}' for form in self.formats})
        return {**paths, 'report': self.out_dir / f'{name}_report.html'} if self.report else paths


def check_outputs(specs: Sequence[str], options: OutputOptions) -> None:
    """Refuse before any work what would fail after it.

    Raises:
        InputError: if an input cannot be read, two inputs would write the same file,
            a file exists without ``force``, or the folder cannot be written to.
    """
    for form in options.formats:
        format_named(form)
    if options.report and 'json' not in options.formats:
        raise InputError('a report is made from the JSON file: write that too')
    owners: Dict[Path, str] = {}
    for spec in map(str, specs):
        with open_source(spec, options.start, options.end, reader=options.reader) as source:
            name = source.info.name
        for path in options.paths(name).values():
            other = owners.setdefault(path, spec)
            if other != spec:
                raise InputError(f'{other} and {spec} would both write {path}; run them into different folders')
            check_writable(path, options.force)


def run_video(pipeline: VideoPipeline, spec, options: OutputOptions) -> Summary:
    """Run ``spec`` (a path, glob, camera index, URL, or an open source) through ``pipeline`` into files.

    Ctrl-C ends the run early: the files are whole and reach up to that moment,
    and the summary says so. After any other failure no file stays behind.

    Raises:
        InputError: for whatever is wrong with the input or the output folder.
    """
    clock, summary, jitter = Clock(), Summary(), JitterMeter()
    begin = time.perf_counter()
    opened = (
        spec if isinstance(spec, VideoSource) else open_source(spec, options.start, options.end, reader=options.reader)
    )
    with opened as source, ExitStack() as stack:
        outputs = _open_outputs(pipeline, source.info, options, clock, stack)
        results = stack.enter_context(closing(pipeline.results(source, clock)))
        try:
            for result in tqdm(
                results, total=source.info.num_frames, unit='frame', desc=source.info.name, disable=not options.progress
            ):
                jitter.add(summary.frames, result.people)
                for output in outputs:
                    output.write(result)
                summary.frames += 1
        except KeyboardInterrupt:
            summary.interrupted = True
        if not summary.frames:
            raise InputError(f'{spec}: no frame could be read')
    summary.seconds = time.perf_counter() - begin
    summary.people, summary.jitter_before, summary.jitter_after = jitter.people, jitter.before, jitter.after
    summary.files = [str(path) for output in outputs for path in output.files]
    if options.report:
        from pipeline.report import write_report  # matplotlib takes a while to import

        paths = options.paths(source.info.name)
        summary.files.append(
            str(write_report(paths['report'], paths['json'], paths.get('video'), source.info.path, force=options.force))
        )
    summary.stages = dict(clock.seconds)
    summary.profile = clock.table(summary.frames, summary.seconds)
    return summary


class _Output(Protocol):
    """Takes results; ``files`` says what it has written once it is closed."""

    files: Sequence[Path]

    def write(self, result: FrameResult) -> None: ...


def _open_outputs(
    pipeline: VideoPipeline, info: VideoInfo, options: OutputOptions, clock: Clock, stack: ExitStack
) -> List[_Output]:
    """Open every file that is wanted; ``stack`` closes them, or drops them after an error."""
    outputs, record = [], run_info(pipeline.options, options.command)
    for kind, path in options.paths(info.name).items():
        check_writable(path, options.force)
        if kind == 'report':
            continue  # made from the other files, once they are there
        if kind == 'video':
            renderer = Renderer(
                pipeline.skeleton,
                RenderOptions(compare=options.compare, boxes=options.boxes, ids=options.ids, trails=options.trails),
                info.fps,
            )
            encoder = _TimedSink(VideoWriter(path, info, audio_from=info.path, force=options.force), clock)
            outputs.append(
                _Overlay(
                    path,
                    renderer,
                    stack.enter_context(BackgroundWriter(encoder)),
                    clock,
                    in_place=not pipeline.looks_back,
                )
            )
        else:
            exporter = open_exporter(kind, path, record, pipeline.skeleton, info, options.force)
            outputs.append(_Data(stack.enter_context(exporter), clock))
    return outputs


@dataclass
class _Overlay:
    """Draws in the caller's thread and encodes in another; into the frame itself if no link needs it any more."""

    path: Path
    renderer: Renderer
    writer: BackgroundWriter
    clock: Clock
    in_place: bool

    @property
    def files(self) -> List[Path]:
        return [self.path]

    def write(self, result: FrameResult) -> None:
        with self.clock('draw'):
            image = self.renderer.draw(result.frame.picture, result.people, in_place=self.in_place)
        self.writer.write(image, result.frame.time)


@dataclass
class _Data:
    """Writes pose data."""

    exporter: Exporter
    clock: Clock

    @property
    def files(self) -> List[Path]:
        return self.exporter.files

    def write(self, result: FrameResult) -> None:
        with self.clock('export'):
            self.exporter.write(result)


@dataclass
class _TimedSink(FrameSink):
    """A sink whose writing counts as ``encode``; waiting for its turn does not."""

    sink: FrameSink
    clock: Clock

    def write(self, image, time):
        with self.clock('encode'):
            self.sink.write(image, time)

    def finish(self):
        self.sink.finish()

    def abort(self):
        self.sink.abort()

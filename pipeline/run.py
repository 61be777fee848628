"""One video through the chain into files: overlay, pose data, and a summary."""
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Optional, Sequence, Tuple

from tqdm import tqdm

from pipeline.chain import VideoPipeline
from pipeline.clock import Clock
from pipeline.errors import InputError
from pipeline.export import open_exporter, run_info
from pipeline.files import check_writable
from pipeline.render import Renderer, RenderOptions
from pipeline.summary import JitterMeter, Summary
from pipeline.types import VideoInfo
from pipeline.video import BackgroundWriter, VideoSource, VideoWriter, open_source, source_name

SUFFIXES = {'json': '_poses.json', 'csv': '_poses.csv', 'posetrack': '_posetrack.json', 'trc': '.trc'}


@dataclass(frozen=True)
class OutputOptions:
    """What to write, and of which part of the video.

    Attributes:
        out_dir: folder of the files; made if need be.
        video: write ``NAME_overlay.mp4``.
        formats: out of ``json``, ``csv``, ``posetrack``, ``trc``.
        force: replace files that exist.
        start, end: seconds (``12.5``) or frames (``'300f'``) of the source.
        compare, boxes, ids, trails: see :class:`pipeline.render.RenderOptions`.
        progress: show a progress bar on the terminal.
    """
    out_dir: Path = Path('output')
    video: bool = True
    formats: Tuple[str, ...] = ('json',)
    force: bool = False
    start: Optional[str] = None
    end: Optional[str] = None
    compare: bool = False
    boxes: bool = False
    ids: bool = True
    trails: bool = False
    progress: bool = False

    def paths(self, name: str) -> Dict[str, Path]:
        """Output files by format for the video ``name``."""
        paths = {'video': self.out_dir / f'{name}_overlay.mp4'} if self.video else {}
        return {**paths, **{form: self.out_dir / f'{name}{SUFFIXES[form]}' for form in self.formats}}


def check_outputs(specs: Sequence[str], options: OutputOptions) -> None:
    """Refuse before any work what would fail after it.

    Raises:
        InputError: if two inputs would write the same file, a file exists without
            ``force``, or the folder cannot be written to.
    """
    unknown = [form for form in options.formats if form not in SUFFIXES]
    if unknown:
        raise InputError(f'unknown format {unknown[0]!r}: allowed are {", ".join(SUFFIXES)}')
    owners: Dict[Path, str] = {}
    for spec in map(str, specs):
        for path in options.paths(source_name(spec)).values():
            other = owners.setdefault(path, spec)
            if other != spec:
                raise InputError(f'{other} and {spec} would both write {path}; run them into different folders')
            check_writable(path, options.force)


def run_video(pipeline: VideoPipeline, spec, options: OutputOptions) -> Summary:
    """Run ``spec`` (a path, glob, camera index or URL) through ``pipeline`` into files.

    Ctrl-C ends the run early: the files are whole and reach up to that moment,
    and the summary says so. After any other failure no file stays behind.

    Raises:
        InputError: for whatever is wrong with the input or the output folder.
    """
    check_outputs([spec], options)
    clock, summary, jitter = Clock(), Summary(), JitterMeter()
    begin = time.perf_counter()
    with open_source(spec, options.start, options.end) as source, ExitStack() as outputs:
        sinks = _open_sinks(pipeline, source, options, clock, outputs)
        results = pipeline.results(source, clock)
        outputs.callback(results.close)
        try:
            for result in tqdm(results, total=source.info.num_frames, unit='frame', desc=source.info.name,
                               disable=not options.progress):
                jitter.add(summary.frames, result.people)
                for sink in sinks:
                    sink(result)
                summary.frames += 1
        except KeyboardInterrupt:
            summary.interrupted = True
        if not summary.frames:
            raise InputError(f'{spec}: no frame could be read')
    summary.seconds = time.perf_counter() - begin
    summary.people, summary.jitter_before, summary.jitter_after = jitter.people, jitter.before, jitter.after
    summary.files = [str(path) for path in options.paths(source.info.name).values()]
    summary.stages = dict(clock.seconds)
    summary.profile = clock.table(summary.frames, summary.seconds)
    return summary


def _open_sinks(pipeline: VideoPipeline, source: VideoSource, options: OutputOptions, clock: Clock,
                outputs: ExitStack) -> list:
    """Open every output; each gives a function that takes one :class:`FrameResult`."""
    sinks, info = [], source.info
    paths = options.paths(info.name)
    if 'video' in paths:
        sinks.append(_open_overlay(paths.pop('video'), pipeline, info, options, clock, outputs))
    run = run_info(pipeline.options)
    for form, path in paths.items():
        exporter = outputs.enter_context(open_exporter(form, path, run, pipeline.skeleton, info, options.force))

        def export(result, exporter=exporter):
            with clock('export'):
                exporter.write(result.frame.index, result.frame.time, result.people)

        sinks.append(export)
    return sinks


def _open_overlay(path: Path, pipeline: VideoPipeline, info: VideoInfo, options: OutputOptions, clock: Clock,
                  outputs: ExitStack):
    renderer = Renderer(pipeline.skeleton, RenderOptions(
        compare=options.compare, boxes=options.boxes, ids=options.ids, trails=options.trails))
    writer = outputs.enter_context(VideoWriter(path, info, audio_from=info.path, force=options.force))

    def draw_and_encode(result):
        with clock('draw'):
            image = renderer.draw(result.frame.image, result.people)
        with clock('encode'):
            writer.write(image, result.frame.time)

    return outputs.enter_context(BackgroundWriter(draw_and_encode)).put

"""Run one video through a chain into files: overlay, pose data, and a summary."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, Generator, List, Protocol, Sequence

from tqdm import tqdm

from pipeline.errors import InputError
from pipeline.files import check_writable
from pipeline.formats import format_named, run_info
from pipeline.options import OutputOptions
from pipeline.skeletons import Skeleton
from pipeline.summary import JitterMeter, Summary
from pipeline.timing import Clock
from pipeline.types import FrameResult
from pipeline.video import VideoSource, open_source
from pipeline.writers import open_writers, opened, output_paths


class Chain(Protocol):
    """What a run needs of :class:`pipeline.VideoPipeline`."""

    @property
    def skeleton(self) -> Skeleton: ...
    @property
    def looks_back(self) -> bool: ...
    @property
    def options(self) -> dict: ...
    def results(self, source: VideoSource, clock: Clock) -> Generator[FrameResult, None, None]: ...


def check_outputs(specs: Sequence[str], options: OutputOptions) -> List[Any]:
    """Validate inputs and output paths before starting work.

    Returns:
        What to give to :func:`run_video`: the names of files, and cameras and streams open as they
        are, because a second opening would lose what they send meanwhile.

    Raises:
        InputError: if an input cannot be read, two inputs would write the same file,
            a file exists without ``force``, or the folder cannot be written to.
    """
    for form in options.formats:
        format_named(form)
    if options.report and 'json' not in options.formats:
        raise InputError('a report is made from the JSON file: write that too')
    owners: Dict[Path, str] = {}
    inputs: List[Any] = []
    for spec in map(str, specs):
        source = open_source(spec, **options.reading())
        live, name = source.info.num_frames is None, source.info.name
        inputs.append(source if live else spec)
        if not live:
            source.close()
        for path in output_paths(options, name).values():
            other = owners.setdefault(path, spec)
            if other != spec:
                raise InputError(f'{other} and {spec} would both write {path}; run them into different folders')
            check_writable(path, options.force)
    return inputs


def run_video(chain: Chain, spec: Any, options: OutputOptions) -> Summary:
    """Run ``spec`` (a path, glob, camera index, URL, or an open source) through ``chain`` into files.

    Ctrl-C ends the run early: the files are whole and reach up to that moment,
    and the summary says so. After any other failure no file stays behind.

    Raises:
        InputError: for whatever is wrong with the input or the output folder.
    """
    clock, summary, jitter = Clock(), Summary(), JitterMeter()
    begin = time.perf_counter()
    source = spec if isinstance(spec, VideoSource) else open_source(spec, **options.reading())
    with source:
        paths = output_paths(options, source.info.name)
        for path in paths.values():
            check_writable(path, options.force)
        record = run_info(chain.options, options.command)
        wanted = open_writers(options, chain.skeleton, source.info, record, not chain.looks_back, clock)
        with opened(wanted) as writers:
            with closing(chain.results(source, clock)) as results:
                try:
                    for result in tqdm(
                        results,
                        total=source.info.num_frames,
                        unit='frame',
                        desc=source.info.name,
                        disable=not options.progress,
                    ):
                        jitter.add(summary.frames, result.people)
                        for writer in writers:
                            writer.write(result)
                        summary.frames += 1
                except KeyboardInterrupt:
                    summary.interrupted = True
            if not summary.frames:
                raise InputError(f'{spec}: no frame could be read')
    summary.seconds = time.perf_counter() - begin
    summary.people, summary.jitter_before, summary.jitter_after = jitter.people, jitter.before, jitter.after
    summary.files = [str(path) for writer in writers for path in writer.files]
    if options.report:
        from pipeline.report import write_report  # matplotlib takes a while to import

        report = write_report(paths['report'], paths['json'], paths.get('video'), source.info.path, force=options.force)
        summary.files.append(str(report))
    summary.stages = dict(clock.seconds)
    summary.profile = clock.table(summary.frames, summary.seconds)
    return summary

"""Run one video through a chain into files: overlay, pose data, and a summary."""

import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Generator, Iterator, List, Optional, Protocol, Sequence, Union

from tqdm.auto import tqdm

from pipeline.errors import InputError
from pipeline.files import Claim, check_writable
from pipeline.files.locks import shared_folder
from pipeline.formats import format_named, run_info
from pipeline.options import OutputOptions
from pipeline.people import HeadLog, KeptPoses, check_choice
from pipeline.protocols import Sight, Writer
from pipeline.render.window import Window, check_window
from pipeline.second_look import SecondLook, check_repeatable
from pipeline.signals import postponed
from pipeline.skeletons import Skeleton
from pipeline.summary import JitterMeter, Summary
from pipeline.timing import Clock
from pipeline.types import FrameResult
from pipeline.video import VideoSource, open_source
from pipeline.video.stamped import Stamped
from pipeline.writers import (
    OverlayWriter,
    PosesWriter,
    RepeatWriter,
    and_kept,
    metre_options,
    open_writers,
    opened,
    output_paths,
)


class Chain(Protocol):
    """What a run needs of :class:`pipeline.VideoPipeline`."""

    @property
    def skeleton(self) -> Skeleton: ...
    @property
    def looks_back(self) -> bool: ...
    @property
    def options(self) -> dict: ...
    def results(
        self, source: VideoSource, clock: Clock, sight: Optional[Sight] = None
    ) -> Generator[FrameResult, None, None]: ...


def check_outputs(specs: Sequence[str], options: OutputOptions) -> List[Any]:
    """Validate inputs and output paths before starting work.

    Returns:
        What to give to :func:`run_video`: the names of files, and cameras and streams open as they
        are, because a second opening would lose what they send meanwhile.

    Raises:
        InputError: if an option's value is not allowed, an input cannot be read, two inputs would write the same file,
            a file exists without ``force``, another run is writing it, or the folder cannot be written to.
    """
    options.check()
    for form in options.formats:
        format_named(form)
    if options.show:
        check_window()
    owners: Dict[Path, str] = {}
    inputs: List[Any] = []
    with ExitStack() as refused:  # whatever is refused, no camera stays open
        for spec in map(str, specs):
            source = open_source(spec, **options.reading())
            refused.callback(source.close)
            live, name = source.info.num_frames is None, source.info.name
            check_repeatable(source, options)
            inputs.append(source if live else spec)
            if not live:
                source.close()
            metre_options(options, source.info)
            paths = output_paths(options, name).values()
            for path in paths:
                if path in owners:
                    other = owners[path]
                    raise InputError(
                        f'{spec}: is given twice'
                        if other == spec
                        else f'{other} and {spec} would both write {path}; run them into different folders'
                    )
                owners[path] = spec
            with _claimed(options, name) as claim:
                for path in paths:
                    check_writable(path, claim)
        refused.pop_all()
    return inputs


@contextmanager
def _claimed(options: OutputOptions, name: str) -> Iterator[Claim]:
    with shared_folder(options.out_dir), Claim(options.out_dir, name, bool(options.force)) as claim:
        yield claim


def run_video(chain: Chain, spec: Any, options: OutputOptions, claim: Optional[Claim] = None) -> Summary:
    """Run ``spec`` (a path, glob, camera index, URL, or an open source) through ``chain`` into files.

    Ctrl-C ends the run early: the files are whole and reach up to that moment, and the summary says so; before the
    first frame there are none, and KeyboardInterrupt is raised. After any other failure no file stays behind, but those
    that were complete before it: the error names them, and another run may replace them without ``force`` as long as
    nobody has changed them.

    Args:
        claim: on the output files, held by the caller, who also settles it; None makes one for the run.

    Raises:
        InputError: for whatever is wrong with the input or the output folder, or if another run writes these files.
    """
    source = spec if isinstance(spec, VideoSource) else open_source(spec, **options.reading())
    with source:
        if claim is not None:
            return _run(chain, source, str(spec), replace(options, force=claim))
        with _claimed(options, source.info.name) as claim:
            summary = _run(chain, source, str(spec), replace(options, force=claim))
            claim.settle()
        return summary


def _run(chain: Chain, source: VideoSource, spec: str, options: OutputOptions) -> Summary:
    clock, summary, jitter = Clock(), Summary(), JitterMeter()
    begin = time.perf_counter()
    paths = output_paths(options, source.info.name)
    for path in paths.values():
        check_writable(path, options.force)
    record = run_info(chain.options, options.command)
    check_repeatable(source, options)
    if options.people is not None:
        check_choice(options.people, source.info)
    if options.show:
        source = Stamped(source)
    arrivals = source.arrivals if isinstance(source, Stamped) else None
    wanted = open_writers(options, chain.skeleton, source.info, record, not chain.looks_back, clock, arrivals)
    with opened(wanted) as writers:
        feed, heads = _Feed(writers, source, options, jitter, summary), HeadLog()
        sight = heads.note if options.blur_faces and options.video else None
        with closing(chain.results(source, clock, *([sight] if sight else []))) as results:
            feed.first(results)
        if not summary.frames:
            if summary.interrupted:
                raise KeyboardInterrupt
            raise InputError(f'{spec}: no frame could be read')
        feed.second(chain.skeleton, heads, clock)
    summary.seconds = time.perf_counter() - begin
    summary.people, summary.jitter_before, summary.jitter_after = jitter.people, jitter.before, jitter.after
    summary.files = [str(path) for writer in writers for path in writer.files]
    summary.shown = ''.join(str(writer) for writer in writers if isinstance(writer, Window))
    if options.report:
        from pipeline.report import write_report  # matplotlib takes a while to import

        try:
            original = None if options.hides else source.info.path
            files = paths['report'], paths['json'], paths.get('video'), original
            report = write_report(*files, force=options.force, metres=metre_options(options, source.info))
        except InputError as error:
            raise InputError(and_kept(str(error), summary.files)) from error.__cause__
        summary.files.append(str(report))
    summary.stages = dict(clock.seconds)
    summary.profile = clock.table(summary.frames, summary.seconds)
    return summary


class _Feed:
    """Gives results to writers: to most as they come, to those that wait when the clip is over.

    Ctrl-C ends either half; all files end with the same frame.
    """

    def __init__(
        self,
        writers: Sequence[Union[OverlayWriter, PosesWriter, RepeatWriter, Window]],
        source: VideoSource,
        options: OutputOptions,
        jitter: JitterMeter,
        summary: Summary,
    ):
        self._at_once = [writer for writer in writers if not writer.waits]
        self._later = [writer for writer in writers if writer.waits]
        self._source, self._options, self._jitter, self._summary = source, options, jitter, summary
        self._kept = KeptPoses(source.info.width, source.info.height)

    def first(self, results: Iterator[FrameResult]) -> None:
        """While the clip runs."""
        self._go(results, self._at_once, keep=bool(self._later))

    def second(self, skeleton: Skeleton, heads: HeadLog, clock: Clock) -> None:
        """When it is over, also if Ctrl-C ended it."""
        if not self._later:
            return
        look = SecondLook(self._kept, self._options, skeleton, heads)
        self._summary.frames = 0
        if self._options.draws_late:
            with closing(look.pictures(self._source, clock)) as results:
                self._go(results, self._later)
        else:
            with postponed():  # the pictures are written already, as far as the poses go
                self._go(look.poses(), self._later)

    def _go(self, results: Iterator[FrameResult], writers: Sequence[Writer], keep: bool = False) -> None:
        info = self._source.info
        shown = dict(total=info.num_frames, unit='frame', desc=info.name, disable=not self._options.progress)
        try:
            for result in tqdm(results, **shown):
                with postponed():  # all files end with the same frame
                    for writer in writers:
                        writer.write(result)
                    if keep:
                        self._kept.add(result)
                    else:
                        self._jitter.add(self._summary.frames, result.people)
                    self._summary.frames += 1
        except KeyboardInterrupt:
            self._summary.interrupted = True

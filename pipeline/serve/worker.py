"""The process in which a run happens: ``python -m pipeline.serve.worker``.

Standard input: one line of JSON, the order; then nothing, until its end says that the server has gone or wants the
run to stop. Standard output: lines of JSON, ``{"done": 12, "of": 300}``, at the end ``{"files": […]}`` or
``{"error": "…"}``.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional

from pipeline.errors import InputError
from pipeline.serve.browsers import plays
from pipeline.signals import as_interrupts

_PAUSE = 0.2  # seconds between two lines of progress

Say = Callable[..., None]


class Stopped(InputError):
    """The server has gone, or wants no more of it."""


class Counted:
    """A chain that says how far it is, and stops when it is told to.

    Args:
        chain: :class:`pipeline.pipeline.VideoPipeline`.
        say: writes a line.
        stopped: is set when the run shall end.
    """

    def __init__(self, chain: Any, say: Say, stopped: threading.Event):
        self._chain, self._say, self._stopped = chain, say, stopped
        self.skeleton, self.looks_back, self.options = chain.skeleton, chain.looks_back, chain.options

    def results(self, source: Any, clock: Any, sight: Any = None) -> Iterator[Any]:
        """Those of the chain.

        Raises:
            Stopped: in place of the next one.
        """
        yield from counted(self._chain.results(source, clock, sight), source.info.num_frames, self._say, self._stopped)


def counted(results: Iterator, of: Optional[int], say: Say, stopped: threading.Event) -> Iterator:
    """The same results; says how many there were, and raises :class:`Stopped` once ``stopped`` is set."""
    told = 0.0
    done = 0
    say(done=done, of=of)
    for done, result in enumerate(results, 1):
        if stopped.is_set():
            raise Stopped('stopped')
        yield result
        if time.monotonic() - told > _PAUSE:
            told = time.monotonic()
            say(done=done, of=of)
    say(done=done, of=of)


def run(order: Dict[str, Any], say: Say, stopped: threading.Event) -> List[str]:
    """A video into poses; where no browser can show it, also into an overlay video that any can show."""
    from pipeline.options import OutputOptions
    from pipeline.run import check_outputs, run_video
    from pipeline.serve.cache import load_table

    sys.path[:0] = order.get('python_path', [])
    video, out = Path(order['video']), Path(order['out'])
    options = OutputOptions(
        out_dir=out,
        force=bool(order.get('force')),
        video=not plays(video),
        command=order.get('command', ''),
        start=order.get('start'),
        end=order.get('end'),
    )
    check_outputs([str(video)], options)
    from pipeline.pipeline import VideoPipeline  # takes seconds, so what is wrong with the video is said before

    chain = VideoPipeline.from_preset(order['preset'], order['device'], **order['chain'])
    summary = run_video(Counted(chain, say, stopped), str(video), options)
    for file in summary.files:
        if file.endswith('_poses.json'):
            load_table(Path(file))  # so that the page opens it at once
    return summary.files


def export(order: Dict[str, Any], say: Say, stopped: threading.Event) -> List[str]:
    """Corrected poses into files, and into an overlay video where the source is there."""
    from pipeline.serve.export import export_corrected

    source = Path(order['video']) if order.get('video') else None
    return export_corrected(
        Path(order['poses']),
        source,
        Path(order['out']),
        tuple(order['formats']),
        lambda results, of: counted(results, of, say, stopped),
    )


def main() -> int:
    """Do the job that standard input tells; returns the exit code."""
    with os.fdopen(os.dup(1), 'w', encoding='utf-8') as answers:
        os.dup2(2, 1)  # what libraries print is no answer

        def say(**values: Any) -> None:
            answers.write(json.dumps(values) + '\n')
            answers.flush()

        order, stopped = json.loads(sys.stdin.buffer.readline()), threading.Event()

        def wait() -> None:
            os.read(0, 1)
            stopped.set()

        threading.Thread(target=wait, daemon=True).start()
        try:
            with as_interrupts():
                say(
                    files=[
                        Path(file).name for file in {'run': run, 'export': export}[order['kind']](order, say, stopped)
                    ]
                )
        except InputError as error:
            say(error=str(error))
            return 2
        except KeyboardInterrupt:
            say(error='stopped')
            return 130
        except MemoryError:
            say(error='there is not enough memory for this')
            return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())

"""Show pictures while a run goes on, in a window: space pauses, b draws boxes, i ids, t trails, q ends the run.

Tk, because it comes with Python: the OpenCV that servers can load has no windows.
"""

import time
from collections import deque
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Deque, Dict, List, Optional

import cv2
import numpy as np

from pipeline.errors import InputError
from pipeline.render.options import RenderOptions
from pipeline.render.renderer import Renderer
from pipeline.skeletons import Skeleton
from pipeline.types import FrameResult

# a picture is made smaller to fit into this, px
_WIDEST, _TALLEST = 1280, 720
_POLL = 0.02  # seconds, while nothing moves
_RECENT = 60  # frames whose latency the title averages
_TOGGLES = {'b': 'boxes', 'i': 'ids', 't': 'trails'}


def check_window() -> None:
    """Raise :class:`InputError` if no window can be opened here."""
    _open_root().destroy()


def _open_root():
    try:
        import tkinter
    except ImportError as error:
        raise InputError('--show: this Python has no tkinter; on Debian and Ubuntu: apt install python3-tk') from error
    try:
        return tkinter.Tk(className='smooth-poses')
    except tkinter.TclError as error:
        raise InputError(f'--show: no window can be opened here ({error}); leave --show out') from error


class Window:
    """A writer that shows each frame with its people, in the caller's thread.

    Args:
        title: of the window.
        skeleton: of the people.
        options: how they are drawn at first.
        fps: of the source; a file is shown no faster.
        arrivals: seconds on :func:`time.monotonic` at which the chain was given each frame, by index.
        paced: whether to wait until a frame is due, as for files; cameras are never waited for.

    Attributes:
        latencies: seconds from a frame's arrival to its display, of every frame.
    """

    waits = False
    files: List[Path] = []

    def __init__(
        self,
        title: str,
        skeleton: Skeleton,
        options: RenderOptions,
        fps: Fraction,
        arrivals: Dict[int, float],
        paced: bool,
    ):
        self._title, self._skeleton, self._fps, self._arrivals, self._paced = title, skeleton, fps, arrivals, paced
        self._options = replace(options, compare=False)
        self._renderer = Renderer(skeleton, self._options, fps)
        self._root = _open_root()
        import tkinter

        self._tk = tkinter
        self._label = tkinter.Label(self._root, borderwidth=0)
        self._label.pack()
        self._root.title(title)
        self._root.protocol('WM_DELETE_WINDOW', self._end)
        self._root.bind('<Key>', lambda event: self.press(event.keysym))
        self._photo = None
        self._ended = self._paused = False
        self._begun: Optional[float] = None  # monotonic seconds minus those of the source
        self._recent: Deque[float] = deque(maxlen=_RECENT)
        self.latencies: List[float] = []
        self._shown_at: Deque[float] = deque(maxlen=_RECENT)

    def press(self, key: str) -> None:
        """What a key does."""
        if key == 'space':
            self._paused = not self._paused
        elif key in ('q', 'Escape'):
            self._end()
        elif key in _TOGGLES:
            name = _TOGGLES[key]
            self._options = replace(self._options, **{name: not getattr(self._options, name)})
            self._renderer = Renderer(self._skeleton, self._options, self._fps)

    def write(self, result: FrameResult) -> None:
        """Show the next frame; waits while the window is paused.

        Raises:
            KeyboardInterrupt: if the window was closed: the run ends as by Ctrl-C.
        """
        frame = result.frame
        image = self._renderer.draw(np.array(frame.image), result.people, in_place=True)
        self._wait(frame.time)
        scale = min(_WIDEST / image.shape[1], _TALLEST / image.shape[0], 1.0)
        if scale < 1:
            image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = image.shape[:2]
        data = b'P6 %d %d 255 ' % (width, height) + image.tobytes()
        self._photo = self._tk.PhotoImage(master=self._root, width=width, height=height, data=data, format='PPM')
        self._label.configure(image=self._photo)
        self._root.update()
        self._measure(frame.index)
        while self._paused and not self._ended:
            self._root.update()
            time.sleep(_POLL)
            self._begun = None  # what was missed is not made up for
        if self._ended:
            raise KeyboardInterrupt

    def close(self) -> List[Path]:
        """Close the window."""
        self.abort()
        return []

    def abort(self) -> None:
        """Close the window; a second call does nothing."""
        if self._root is not None:
            self._root.destroy()
            self._root = None

    def __str__(self) -> str:
        if not self.latencies:
            return 'shown: no frame'
        middle, most = np.percentile(self.latencies, (50, 95))
        return f'shown: {len(self.latencies)} frames, latency {middle:.2f} s (95 % within {most:.2f} s)'

    def _end(self) -> None:
        self._ended = True

    def _wait(self, seconds: float) -> None:
        """Until the frame of that time is due."""
        now = time.monotonic()
        if self._begun is None or not self._paced or now - seconds > self._begun:
            self._begun = now - seconds
        while (left := self._begun + seconds - time.monotonic()) > 0 and not self._ended:
            self._root.update()
            time.sleep(min(left, _POLL))

    def _measure(self, index: int) -> None:
        now = time.monotonic()
        arrived = self._arrivals.pop(index, None)
        if arrived is not None:
            self.latencies.append(now - arrived)
            self._recent.append(now - arrived)
        self._shown_at.append(now)
        rate = (len(self._shown_at) - 1) / max(self._shown_at[-1] - self._shown_at[0], 1e-9)
        if self._recent:
            self._root.title(f'{self._title}: latency {np.median(self._recent):.2f} s, {rate:.0f} frames per second')

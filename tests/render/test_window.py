"""The window: what keys do, how a run is ended by it, and a machine without a display. Tk is stood in for."""

import sys
import types
from fractions import Fraction

import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.options import OutputOptions
from pipeline.render import RenderOptions
from pipeline.render.window import Window, check_window
from pipeline.run import check_outputs, run_video
from pipeline.types import Frame, FrameResult
from tests.batch.toy_chain import ToySettings, write_video
from tests.render.test_renderer import ARM, POSE, black, people


class FakeTk(types.ModuleType):
    """Records pictures, and calls what was bound when the window is updated."""

    TclError = RuntimeError

    def __init__(self):
        super().__init__('tkinter')
        self.pictures, self.titles, self.keys, self.bound = [], [], [], {}
        self.open = self.after = 0  # windows; pictures before the first key
        self.Label = lambda root, **options: types.SimpleNamespace(pack=lambda: None, configure=lambda image: None)

    def Tk(self, className):
        self.open += 1
        return self

    def PhotoImage(self, master, width, height, data, format):
        self.pictures.append(np.frombuffer(data[-3 * width * height :], np.uint8).reshape(height, width, 3))

    def title(self, text):
        self.titles.append(text)

    def protocol(self, name, function):
        self.bound[name] = function

    def bind(self, event, function):
        self.bound[event] = function

    def update(self):
        if self.keys and len(self.pictures) > self.after:
            key = self.keys.pop(0)
            if key == 'close':
                self.bound['WM_DELETE_WINDOW']()
            elif key:
                self.bound['<Key>'](types.SimpleNamespace(keysym=key))

    def destroy(self):
        self.open -= 1


@pytest.fixture
def tk(monkeypatch):
    fake = FakeTk()
    monkeypatch.setitem(sys.modules, 'tkinter', fake)
    return fake


def window(**more):
    return Window('clip', ARM, RenderOptions(ids=False), Fraction(1000), more.pop('arrivals', {}), False)


def result(index=0, image=None):
    return FrameResult(Frame(index, index / 1000, black() if image is None else image), people(POSE))


def test_keys_turn_boxes_and_ids_on_and_off(tk):
    shown = window()
    for keys in ([], ['b'], ['b', 'i'], ['i']):
        for key in keys:
            shown.press(key)
        shown.write(result())
    plain, boxes, ids, again = tk.pictures
    assert not np.array_equal(plain, boxes) and not np.array_equal(plain, ids) and np.array_equal(plain, again)


def test_the_frame_itself_is_not_drawn_upon_and_large_ones_are_made_smaller(tk):
    image = black(1080, 1920)
    window().write(result(image=image))
    assert not image.any() and tk.pictures[0].shape == (720, 1280, 3) and tk.pictures[0].any()


def test_a_pause_lasts_until_space_is_pressed_again(tk):
    shown = window()
    tk.keys = ['space', '', '', 'space', 'b']
    shown.write(result())
    assert tk.keys == ['b']


def test_latency_is_from_the_arrival_of_each_frame(tk, monkeypatch):
    monkeypatch.setattr('pipeline.render.window.time.monotonic', lambda: 10.0)
    shown = window(arrivals={0: 9.75, 1: 9.5})
    shown.write(result(0))
    shown.write(result(1))
    assert shown.latencies == [0.25, 0.5] and 'latency 0.38 s' in tk.titles[-1]
    assert str(shown) == 'shown: 2 frames, latency 0.38 s (95 % within 0.49 s)'


@pytest.mark.parametrize('key', ['q', 'Escape', 'close'])
def test_closing_the_window_ends_the_run_with_whole_files(tk, tmp_path, key):
    clip = write_video(tmp_path / 'clip.mp4', 12)
    tk.keys, tk.after = [key], 4
    outputs = OutputOptions(tmp_path / 'out', show=True, video=False)
    summary = run_video(ToySettings(outputs).build(), str(clip), outputs)
    assert summary.interrupted and 0 < summary.frames < 12 and summary.shown.startswith('shown: ')
    assert tk.open == 0 and summary.files == [str(tmp_path / 'out' / 'clip_poses.json')]


def test_without_a_display_it_is_one_line_before_anything_is_done(monkeypatch, tmp_path):
    pytest.importorskip('tkinter')
    monkeypatch.delenv('DISPLAY', raising=False)
    with pytest.raises(InputError, match=r'--show: no window can be opened here \(.*\); leave --show out'):
        check_outputs([], OutputOptions(tmp_path, show=True))
    monkeypatch.setitem(sys.modules, 'tkinter', None)
    with pytest.raises(InputError, match='--show: this Python has no tkinter; .* apt install python3-tk'):
        check_window()

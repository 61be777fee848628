"""The page in a real browser, by real clicks: look, correct, undo, bring a file, a second tab, a server that ends."""

import json

import numpy as np
import pytest

from pipeline.corrections import Table
from pipeline.formats import RunInfo, open_exporter, read_poses_json
from pipeline.skeletons import load_skeleton
from pipeline.types import Frame, FrameResult, People, VideoInfo
from tests.serve.conftest import COUNT, FPS, SIZE, SWAPPED, TOYS, Server, write_clip, write_poses


@pytest.fixture
def tab(browser, server, clip):
    """The clip, open, at its first frame."""
    browser.open(f'{server.address}#{clip}')
    browser.until('document.getElementById("original").readyState >= 2')
    return browser


def press(tab, key, shift=False):
    for kind in ('keyDown', 'keyUp'):
        tab.call(
            'Input.dispatchKeyEvent',
            type=kind,
            key=key,
            modifiers=8 if shift else 0,
            **({'text': key} if kind == 'keyDown' and len(key) == 1 else {}),
        )


def click(tab, selector):
    left, top, width, height = tab.box(selector)
    tab.click(left + width / 2, top + height / 2)


def seek(tab, frame):
    tab.evaluate(f'editor.player.seek(editor.result.times[editor.result.positionOf({frame})])')
    assert tab.evaluate('editor.frame') == frame


def corrected(tab, count):
    """Wait until so many corrections are applied."""
    tab.until(f'document.querySelectorAll("#corrections li").length === {count} && !editor.stage.moved')
    tab.until('document.getElementById("status").textContent === ""')


def on_screen(tab, x, y):
    """Where a px of the video is on the screen."""
    left, top, width, height = tab.box('#stage')
    return left + (x + 0.5) * width / SIZE[0], top + (y + 0.5) * height / SIZE[1]


def joint(tab, person, name):
    """Where the page has a joint at the play head, px."""
    return tab.evaluate(
        f'(() => {{ const r = editor.result, k = r.joints.findIndex(j => j.name === "{name}"); '
        f'return r.point(r.track({person}).rows[editor.player.position()], k); }})()'
    )


def kept(server, clip):
    path = server.out / f'{clip}_corrections.json'
    return json.loads(path.read_text())['corrections'] if path.exists() else []


def test_the_result_is_drawn_on_the_video_and_nobody_else_is_asked(tab, server, clip):
    table = Table.of(read_poses_json(server.out / f'{clip}_poses.json'))
    seek(tab, 30)
    row = np.flatnonzero((table.position == 30) & (table.track_ids == 1))[0]
    np.testing.assert_allclose(joint(tab, 1, 'nose')[:2], table.keypoints[row, 0], atol=1e-3)
    x, y = joint(tab, 2, 'left_knee')[:2]
    drawn = tab.evaluate(
        '(() => { const c = document.getElementById("stage"), s = c.width / editor.result.width, '
        'at = v => Math.round((v + .5) * s); '
        f'return [...c.getContext("2d").getImageData(at({x}), at({y}), 1, 1).data]; }})()'
    )
    assert drawn[3] > 200  # a joint of person 2 is there
    assert all(url.startswith((server.address, 'data:', 'about:')) for url in tab.requests) and len(tab.requests) > 8


def test_swapped_ids_are_put_right_by_a_click_and_wrong_again_by_z(tab, server, clip):
    truth = Table.of(read_poses_json(write_poses(server.out / f'{clip}-right_poses.json', swapped=False)))
    seek(tab, SWAPPED)
    wrong = joint(tab, 1, 'nose')
    click(tab, '#people button[data-person="1"]')
    click(tab, '#swap-ids')
    corrected(tab, 1)
    right = truth.keypoints[(truth.position == SWAPPED) & (truth.track_ids == 1)][0, 0]
    np.testing.assert_allclose(joint(tab, 1, 'nose')[:2], right, atol=0.01)
    assert kept(server, clip) == [{'do': 'swap_ids', 'ids': [1, 2], 'from': SWAPPED}]
    press(tab, 'z')
    corrected(tab, 0)
    assert joint(tab, 1, 'nose') == wrong and kept(server, clip) == []
    press(tab, 'y')
    corrected(tab, 1)
    assert kept(server, clip) == [{'do': 'swap_ids', 'ids': [1, 2], 'from': SWAPPED}]


def test_a_joint_is_dragged_to_where_the_mouse_lets_it_go(tab, server, clip):
    seek(tab, 5)
    x, y = joint(tab, 2, 'left_wrist')[:2]
    before, beyond = on_screen(tab, x, y), on_screen(tab, x + 25, y - 15)
    tab.drag(before, on_screen(tab, x + 10, y - 5), beyond)
    corrected(tab, 1)
    (entry,) = kept(server, clip)
    assert {**entry, 'x': 0, 'y': 0} == dict(do='joint', id=2, frame=5, joint='left_wrist', x=0, y=0)
    # a pixel of the screen is less than half a pixel of this video
    assert abs(entry['x'] - x - 25) < 0.5 and abs(entry['y'] - y + 15) < 0.5
    np.testing.assert_allclose(joint(tab, 2, 'left_wrist'), [entry['x'], entry['y'], 1], atol=1e-3)
    seek(tab, 7)
    old = Table.of(read_poses_json(server.out / f'{clip}_poses.json'))
    k = old.skeleton.index('left_wrist')
    near = old.keypoints[(old.position == 7) & (old.track_ids == 2)][0, k]
    assert 10 < np.linalg.norm(joint(tab, 2, 'left_wrist')[:2] - near) < 29
    seek(tab, 95)  # further than this refiner sees
    far = old.keypoints[(old.position == 95) & (old.track_ids == 2)][0, k]
    np.testing.assert_array_equal(np.float32(joint(tab, 2, 'left_wrist')[:2]), far)


def test_looking_closer_a_joint_is_dragged_to_a_fraction_of_a_pixel(tab, server, clip):
    seek(tab, 5)
    x, y = joint(tab, 2, 'nose')[:2]
    at = on_screen(tab, x, y)
    tab.call('Input.dispatchMouseEvent', type='mouseWheel', x=at[0], y=at[1], deltaX=0, deltaY=-700)
    tab.until('editor.stage.closer > 4')
    closer = on_screen(tab, x, y)
    assert np.abs(np.subtract(closer, at)).max() < 5  # what was under the pointer, a whole pixel, stays there
    tab.drag(closer, on_screen(tab, x + 3, y), on_screen(tab, x + 4.5, y + 2))
    corrected(tab, 1)
    (entry,) = kept(server, clip)
    assert (entry['x'], entry['y']) == pytest.approx((x + 4.5, y + 2), abs=0.1)
    press(tab, '0')
    assert tab.evaluate('editor.stage.closer') == 1 and tab.box('#stage') == tab.box('#original-figure')


def test_the_chosen_joint_moves_by_shift_and_arrows_and_arrows_alone_step(tab, server, clip):
    seek(tab, 40)
    press(tab, 'ArrowRight')
    assert tab.evaluate('editor.frame') == 41
    tab.evaluate('editor.choose(1, 9)')
    x, y = joint(tab, 1, 'left_wrist')[:2]
    for key in ('ArrowRight', 'ArrowRight', 'ArrowDown'):
        press(tab, key, shift=True)
    corrected(tab, 1)
    (entry,) = kept(server, clip)
    assert entry['frame'] == 41 and (entry['x'], entry['y']) == pytest.approx((x + 2, y + 1), abs=0.01)


def test_split_merge_sides_delete_and_athlete_by_clicks(tab, server, clip):
    seek(tab, SWAPPED)
    for selector, wanted in (
        ('#people button[data-person="1"]', None),
        ('#split', {'do': 'split', 'id': 1, 'frame': SWAPPED, 'new': 3}),
        ('#people button[data-person="3"]', None),
        ('#merge', {'do': 'merge', 'id': 3, 'into': 1}),
        ('#people button[data-person="2"]', None),
        ('#from-here', None),
        ('#swap-sides', {'do': 'swap_sides', 'id': 2, 'from': SWAPPED}),
        ('#delete', {'do': 'delete', 'id': 2, 'from': SWAPPED}),
        ('#athlete', {'do': 'athlete', 'id': 2}),
    ):
        count = len(kept(server, clip))
        tab.evaluate('document.getElementById("other").value = 1')
        click(tab, selector)
        if wanted:
            corrected(tab, count + 1)
            assert kept(server, clip)[-1] == wanted
    assert tab.evaluate('editor.tracks.map(t => [t.id, t.present])') == [[2, [[0, SWAPPED - 1]]]]
    click(tab, '#corrections li:nth-child(5) button:last-child')  # the athlete is unsaid
    corrected(tab, 4)
    assert tab.evaluate('editor.tracks.map(t => t.id)') == [1, 2]


def test_what_does_not_fit_is_said_and_changes_nothing(tab, server, clip):
    tab.evaluate('document.getElementById("from").value = "80", document.getElementById("to").value = "20"')
    click(tab, '#delete')
    tab.until('document.getElementById("status").classList.contains("bad")')
    assert 'must not be before from 80' in tab.evaluate('document.getElementById("status").textContent')
    assert kept(server, clip) == [] and tab.evaluate('editor.tracks.length') == 2


def test_a_second_tab_has_changed_it_so_its_state_is_shown(tab, server, clip):
    base = tab.evaluate('editor.result.revision')
    other = dict(base=base, corrections=[{'do': 'delete', 'id': 2}])
    assert server.ask(f'api/corrections/{clip}', 'PUT', other).status == 200
    click(tab, '#split')
    tab.until('document.getElementById("status").textContent.includes("another tab")')
    assert tab.evaluate('editor.tracks.map(t => t.id)') == [1]
    assert tab.evaluate('document.querySelectorAll("#corrections li").length') == 1
    assert kept(server, clip) == [{'do': 'delete', 'id': 2}]


def test_it_plays_by_space(tab):
    press(tab, ' ')
    tab.until(f'editor.player.time > {5 / FPS}')
    assert tab.evaluate('document.getElementById("play").textContent') == 'pause'
    press(tab, ' ')
    assert tab.evaluate('editor.player.playing') is False


def test_a_result_without_anybody_is_shown(tab, server):
    empty = server.out / 'empty_poses.json'
    with open_exporter('json', empty, RunInfo(), load_skeleton('coco'), VideoInfo('empty', 64, 48, 25, 3), True) as out:
        for i in range(3):
            out.write(FrameResult(Frame(i, i / 25, None), People.empty(17)))
    tab.open(f'{server.address}#empty')
    assert tab.evaluate('document.body.dataset.opened') == 'empty'
    assert tab.evaluate('["split", "delete", "swap-ids"].every(id => document.getElementById(id).disabled)')
    press(tab, 'ArrowRight')
    assert tab.evaluate('editor.frame') == 1
    empty.unlink()


def test_every_control_has_a_name(tab):
    nameless = tab.evaluate(
        '[...document.querySelectorAll("button, input, select, canvas, progress")].filter(e => e.offsetParent && '
        '!(e.textContent.trim() || e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || '
        'e.labels?.length)).map(e => e.outerHTML)'
    )
    assert nameless == []


def test_a_chosen_file_is_copied_run_and_opened(browser, server, tmp_path):
    path = write_clip(tmp_path / 'picked.mp4', 30)
    browser.open(server.address)
    root = browser.call('DOM.getDocument')['root']['nodeId']
    node = browser.call('DOM.querySelector', nodeId=root, selector='#upload')['nodeId']
    browser.call('DOM.setFileInputFiles', nodeId=node, files=[str(path)])
    browser.until('document.body.dataset.opened === "picked"', 120)
    assert (server.folder / 'picked.mp4').read_bytes() == path.read_bytes()
    assert browser.evaluate('editor.result.times.length') == 30 and browser.evaluate('editor.tracks.length') == 2
    assert browser.evaluate(
        '[...document.querySelectorAll("#files button")].some(b => b.textContent === "picked.mp4poses")'
    )
    browser.evaluate(
        '(() => { const d = new DataTransfer(); d.items.add(new File(["It was a dark night."], "novel.mp4")); '
        'document.getElementById("drop").dispatchEvent(new DragEvent("drop", {dataTransfer: d, bubbles: true})); })()'
    )
    browser.until('document.getElementById("status").textContent.includes("novel.mp4: not a video")')
    browser.until('document.getElementById("progress").hidden')
    assert not (server.folder / 'novel.mp4').exists()


def test_a_server_that_is_gone_is_said_and_corrections_are_kept(browser, tmp_path):
    pytest.importorskip('uvicorn', reason='the page needs starlette and uvicorn')
    write_clip(tmp_path / 'clip.mp4')
    running = Server(tmp_path, '--preset', str(TOYS / 'preset.py'))
    write_poses(running.out / 'clip_poses.json')
    browser.open(f'{running.address}#clip')
    browser.until('document.body.dataset.opened === "clip"')
    click(browser, '#athlete')
    corrected(browser, 1)
    running.end(9)
    click(browser, '#split')
    browser.until('document.getElementById("status").textContent.includes("The server has ended")')
    assert browser.evaluate('editor.result.corrections.length') == 1
    again = Server(tmp_path, '--preset', str(TOYS / 'preset.py'))
    browser.open(f'{again.address}#clip')
    browser.until('document.body.dataset.opened === "clip"')
    assert browser.evaluate('editor.tracks.map(t => [t.id, t.present])') == [[1, [[0, COUNT - 1]]]]
    assert again.token != running.token
    again.end()

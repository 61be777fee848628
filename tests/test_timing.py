"""Time is added up by stage from any thread, and told so that a person can read it."""

from threading import Thread

from pipeline.timing import Clock


def test_profile_shows_the_costliest_stage_first():
    clock = Clock()
    clock.seconds.update(decode=0.5, pose=2.0, encode=1.0, export=0.0)
    lines = clock.table(frames=100, wall=2.5).splitlines()
    assert [line.split()[0] for line in lines] == ['stage', 'pose', 'encode', 'decode', 'export', 'wall']
    assert lines[1].split()[1:4] == ['20.00', '80.0', '%'] and lines[1].count('█') == 24
    assert lines[-1].split()[1:] == ['25.00', '100.0', '%', '40.0', 'frames', 'per', 'second']


def test_profile_of_nothing():
    assert Clock().table(frames=0, wall=0.0).splitlines()[0].split() == ['stage', 'ms/frame', 'of', 'wall']


def test_threads_add_up():
    clock = Clock()

    def work():
        for _ in range(200):
            with clock('stage'):
                pass

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < clock.seconds['stage'] < 60
    assert list(clock.around('items', 'abc')) == ['a', 'b', 'c'] and clock.seconds['items'] > 0

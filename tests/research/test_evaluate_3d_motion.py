"""3D poses against motion capture before virtual cameras: real motion and weights, where they are."""

import re

from tools.research import evaluate_3d_motion as tool


def test_a_few_windows_are_lifted_well(shared, capsys):
    data = shared('data', 'h36m')
    assert tool.main(['--data', str(data), '--windows', '4']) == 0
    row = capsys.readouterr().out.splitlines()[-1]
    n_mpjpe, pa_mpjpe, _, bones, knee, elbow, place = re.sub(r'\(.*?\)', '', row).split('|')[2:9]
    assert 30 < float(pa_mpjpe) < 75 and float(pa_mpjpe) < float(n_mpjpe) < 110
    assert float(knee) < 14 and float(elbow) < 16 and float(bones) < 3 and not place.strip()


def test_motion_that_is_not_there_is_said_in_one_line(tmp_path, capsys):
    assert tool.main(['--data', str(tmp_path)]) == 2
    assert 'cameras.json: not found' in capsys.readouterr().err

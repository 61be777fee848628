"""3D poses against calibrated views: with and without a refiner of what is lifted."""

import numpy as np

from pipeline.lift.camera import PinholeCamera
from pipeline.lift.lifting import Lifting
from tests.lift.toy import BODY, KnownBody, Subtracts, space_refiner
from tools.research import evaluate_3d_views as tool


def test_a_refiner_is_measured_by_the_code_of_the_chain():
    camera, place = PinholeCamera(1000.0, 639.5, 359.5), np.array([0.2, -0.1, 4.0])
    error = np.zeros((17, 3))
    error[0] = [0, 0, 0.17]  # of 17 joints: 10 mm on average
    keypoints = np.repeat(camera.project(BODY + place)[None], 80, axis=0)
    truth = np.repeat((BODY + place)[None], 80, axis=0)
    errors = []
    for refiner in (None, space_refiner(Subtracts(error))):
        lifting = Lifting(KnownBody(error), camera, refiner=refiner)
        joints = tool.lifted(lifting, keypoints, np.ones((80, 17)), np.arange(80) / 30)
        errors.append(tool.measure(joints, truth)['n-mpjpe'].mean())
    assert errors[0] > 12 and errors[1] < 4  # limbs that are turned to their rays cost 3 mm of a right pose


def test_a_refiner_without_a_lifter_is_refused_in_one_line(tmp_path, capsys):
    words = ['--shared', str(tmp_path), '--poses', str(tmp_path), '--refiner-3d', 'hanet']
    assert tool.main(words) == 2
    assert '--refiner-3d hanet: refines what --lifter lifts; give that too' in capsys.readouterr().err

"""MOTChallenge's boxes, by hand."""

from tests.formats.exported import export, results


def test_frames_and_pixels_count_from_one(tmp_path):
    path, _ = export(tmp_path, 'mot', frames=results()[:2])
    assert path.read_text() == (
        '4,1,11.000,21.000,100.500,200.250,0.7500,-1,-1,-1\n'
        '5,1,11.000,21.000,100.500,200.250,0.7500,-1,-1,-1\n'
        '5,2,11.000,21.000,100.500,200.250,0.7500,-1,-1,-1\n'
    )

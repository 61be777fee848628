"""The table of real video, as far as no network is needed."""

import json

from tools.research import real_video


def test_marks_that_are_found_and_ids_that_change_hands_are_counted(shared, tmp_path, monkeypatch, capsys):
    marks = json.loads(real_video.MARKS.read_text())['frames']
    ids = dict(man=1, teal=2, brown=3)

    def chain(inputs, out, networks, *options):
        """A run that finds everybody but the man in frame 0, and takes brown for teal in frame 66."""
        frames = []
        for frame, people in marks.items():
            there = {who: place for who, place in people.items() if (frame, who) != ('0', 'man')}
            people = [
                dict(keypoints=[place] * 17, track_id=2 if (frame, who) == ('66', 'brown') else ids[who])
                for who, place in there.items()
                if (frame, who) != ('66', 'teal')
            ]
            frames.append(dict(frame_id=int(frame), instances=people))
        out.mkdir()
        (out / f'{inputs[0].stem}_poses.json').write_text(json.dumps(dict(instance_info=frames)))

    monkeypatch.setattr(real_video, 'chain', chain)
    stick = shared('tools', 'real_people.py')
    real_video.marks_row(stick.parents[1], stick, tmp_path, [])
    assert capsys.readouterr().out == '| store aisle | found 20 of 22 marks; 1 with a wrong id |\n'

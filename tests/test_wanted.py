"""What --people can say."""

import pytest

from pipeline.moments import Moment
from pipeline.wanted import Choice, is_choice, parse_choice


@pytest.mark.parametrize(
    'text, choice',
    [
        ('main', Choice('main')),
        (' longest ', Choice('longest')),
        (3, Choice('main', count=3)),
        ('ids=4,2,4', Choice('ids', ids=(2, 4))),
        ('640,36.5@1:30', Choice('place', x=640, y=36.5, moment=Moment(90))),
        ('0,0@45f', Choice('place', moment=Moment(45, in_frames=True))),
    ],
)
def test_words_are_read(text, choice):
    assert is_choice(text) and parse_choice(text) == choice


@pytest.mark.parametrize('text', ['', '0', '-1', 'mian', 'ids=', 'ids=1,', 'ids=a', '3,4', '3,4@', '3,4@x', '2.5'])
def test_other_words_are_refused(text):
    with pytest.raises(ValueError, match='main, largest, longest|is not a moment'):
        parse_choice(text)
    assert not is_choice(text)

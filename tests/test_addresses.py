"""Which inputs are streams, and what is left of an address in messages and records."""

import pytest

from pipeline.addresses import shown, without_secrets
from pipeline.errors import InputError
from pipeline.formats import run_info
from pipeline.video import open_source


@pytest.mark.parametrize(
    'address, left',
    [
        ('rtsp://admin:hunter2@10.0.0.7:554/live', 'rtsp://admin:***@10.0.0.7:554/live'),
        ('http://hunter2@host/a.mp4', 'http://***@host/a.mp4'),
        ('http://a:hun@ter2@host/a.mp4', 'http://a:***@host/a.mp4'),
        ('http://a:hunter2/@host/a.mp4', 'http://a:***@host/a.mp4'),
        ('http://:hunter2@host', 'http://***@host'),
        ('https://host/a.mp4?id=3&access_token=hunter2&t=1', 'https://host/a.mp4?id=3&access_token=***&t=1'),
        ('https://host/a?X-Amz-Signature=hunter2', 'https://host/a?X-Amz-Signature=***'),
        ('see http://a:hunter2@b and http://c:hunter2@d', 'see http://a:***@b and http://c:***@d'),
        ('https://host:8080/@somebody/a.mp4?start=4', 'https://host:8080/@somebody/a.mp4?start=4'),
        ('videos/a:b@c.mp4?key=1', 'videos/a:b@c.mp4?key=1'),
    ],
)
def test_secrets_of_an_address_are_left_out(address, left):
    assert without_secrets(address) == left
    assert str(InputError(f'{address} cannot be opened')) == f'{left} cannot be opened'


def test_a_password_is_not_in_the_record_of_a_run():
    record = run_info({'source': ['rtsp://a:hunter2@b']}, command='rtsp://a:hunter2@b --json')
    assert 'hunter2' not in record.to_json() and 'rtsp://a:***@b --json' in record.to_json()


def test_a_password_is_not_in_what_is_said_of_a_stream_that_does_not_open():
    with pytest.raises(InputError) as caught:
        open_source('http://admin:hunter2@127.0.0.1:9/live', timeout=5)
    assert 'hunter2' not in str(caught.value) and '127.0.0.1' in str(caught.value)


def test_a_long_address_is_cut_after_its_password_is_gone():
    text = shown(f'http://user:{"p" * 500}@host/a\nb')
    assert text == 'http://user:***@host/a\ufffdb'
    assert len(shown('http://host/' + 'a' * 5000)) <= 200


@pytest.mark.parametrize(
    'spec, why',
    [
        ('99999999999', 'camera 99999999999: cameras are numbered'),
        ('1900', 'cameras are numbered'),  # OpenCV's number for its FFmpeg
        ('9' * 5000, 'numbered|no file'),
        ('a' * 5000, 'no file can have this name'),
        ('a\0b.mp4', 'no file can have this name'),
        ('file://' + 'x/' * 3000, 'no file can have this name'),
        ('gopher://host/a.mp4', 'streams are opened by'),
        ('tcp://+\udcff', 'an address has only characters'),  # OpenCV died of it
        ('http://host/\n', 'an address has only characters'),
        ('concat:file:///etc/a|file:///etc/b', 'streams are opened by'),
    ],
)
def test_inputs_that_name_nothing(spec, why):
    with pytest.raises(InputError, match=why) as caught:
        open_source(spec)
    assert len(str(caught.value)) < 500 and '\n' not in str(caught.value) and '\0' not in str(caught.value)

"""Neither the name nor the content of a file makes FFmpeg read another one."""

import shutil

import pytest

from pipeline.errors import InputError
from pipeline.video import VideoWriter, open_source


@pytest.fixture
def secret(clips, monkeypatch):
    monkeypatch.chdir(clips.folder)
    return clips.write('secret.mp4', frames=5)


def count(spec) -> int:
    with open_source(spec) as source:
        return sum(1 for _ in source)


@pytest.mark.parametrize(
    'name', ['subfile,,start,0,end,{size},,:secret.mp4', 'concat:secret.mp4|secret.mp4', 'cache:secret.mp4']
)
def test_a_name_is_no_protocol(secret, clips, name):
    name = name.format(size=secret.stat().st_size)
    (clips.folder / name).write_bytes(b'not a video')
    with pytest.raises(InputError, match='not a video'):
        count(name)
    clips.write(name + '.mkv', frames=3)
    assert count(name + '.mkv') == 3


@pytest.mark.parametrize('name', ['list.mp4', 'list.ffconcat', 'list.m3u8', 'hls.mp4', 'dash.mpd', 'session.sdp'])
def test_a_playlist_is_not_followed(secret, clips, name):
    contents = {
        'list': "ffconcat version 1.0\nfile 'secret.mp4'\n",
        'list.m3u8': f'#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n',
        'hls': '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.mp4\n#EXT-X-ENDLIST\n',
        'dash': '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
        'session': (
            'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n'
            'm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n'
        ),
    }
    (clips.folder / name).write_text(contents.get(name) or contents[name.partition('.')[0]])
    with pytest.raises(InputError, match=name):
        count(name)


def test_sound_is_not_taken_from_a_playlist(clips, tmp_path, caplog):
    film = clips.write('film.mp4', frames=10, tone='aac')
    (tmp_path / 'list.mp4').write_text("ffconcat version 1.0\nfile 'film.mp4'\n")
    with (
        open_source(film) as source,
        VideoWriter(tmp_path / 'o.mp4', source.info, audio_from=tmp_path / 'list.mp4') as sink,
    ):
        for frame in source:
            sink.write(frame.image, frame.time)
    assert 'list.mp4' in caplog.text
    assert b'mp4a' in film.read_bytes() and b'mp4a' not in (tmp_path / 'o.mp4').read_bytes()


@pytest.mark.parametrize('name', ['a:b.mp4', 'tcp:x.mp4', '-.mp4', 'a%03d.mp4', 'ü\nx.mp4', '\udcff.mp4', 'pipe:0'])
def test_files_of_any_name_are_read_and_written(secret, clips, name):
    shutil.copy(secret, clips.folder / name)
    assert count(name) == 5
    out = clips.folder / 'tcp:' / 'http:' / f'{name}.mp4'
    with open_source(name) as source, VideoWriter(out, source.info, audio_from=name) as sink:
        for frame in source:
            sink.write(frame.image, frame.time)
    assert count(out) == 5


def test_a_file_in_memory_is_no_camera(clips):
    import tempfile

    with tempfile.NamedTemporaryFile(dir='/dev/shm', suffix='.mp4') as file:
        file.write(clips.write('a.mp4', frames=3).read_bytes())
        file.flush()
        assert count(file.name) == 3
        file.truncate(0)
        file.seek(0)
        file.write(b"ffconcat version 1.0\nfile 'a.mp4'\n")
        file.flush()
        with pytest.raises(InputError, match='not a video'):
            count(file.name)

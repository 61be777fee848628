"""The stand-in for mmcv's compiled module: it is where mmcv looks, complete, and says what it lacks."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import types
from importlib.abc import Loader

import pytest
import torch
from torch.autograd import gradcheck

from pipeline.backends.compat import import_hook, mmcv_ext

pytestmark = pytest.mark.skipif(
    not isinstance(importlib.import_module('mmcv._ext'), mmcv_ext.StandIn), reason='a compiled mmcv is installed'
)


def test_mmengine_finds_it():
    assert importlib.util.find_spec('mmcv._ext') is not None
    import mmcv.ops  # noqa: F401  (asks for every op)


def test_absent_op_is_named_with_the_way_to_get_it():
    from mmcv.ops import carafe

    with pytest.raises(NotImplementedError, match="'carafe_forward'.*pip install.*--no-build-isolation.*mmcv=="):
        carafe(torch.zeros(1, 4, 2, 2), torch.zeros(1, 25, 4, 4), 5, 1, 2)


def test_compiled_module_is_preferred_and_a_broken_one_replaced(monkeypatch):
    class Compiled(Loader):
        def __init__(self, works):
            self.works = works

        def create_module(self, spec):
            if not self.works:
                raise ImportError('undefined symbol: _ZN2at')
            return types.ModuleType('mmcv._ext')

        def exec_module(self, module):
            module.compiled = True

    def import_with(works):
        spec = importlib.machinery.ModuleSpec('mmcv._ext', Compiled(works))
        monkeypatch.setattr(import_hook.PathFinder, 'find_spec', lambda name, path=None, target=None: spec)
        return importlib.util.module_from_spec(import_hook.StandInFinder().find_spec('mmcv._ext')), spec

    module, spec = import_with(works=True)
    spec.loader.exec_module(module)
    assert module.compiled

    with pytest.warns(UserWarning, match='compiled against another torch .undefined symbol'):
        module, spec = import_with(works=False)
    spec.loader.exec_module(module)
    assert isinstance(module, mmcv_ext.StandIn)


def test_nothing_has_to_be_imported_first(repository):
    code = 'import pipeline; import mmpose.apis, mmcv.ops; from xtcocotools.coco import COCO; print(COCO.__module__)'
    done = subprocess.run([sys.executable, '-c', code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in ('pipeline.backends.compat.xtcocotools', 'xtcocotools.coco')


def test_attention_over_several_scales():
    """Where mmcv calls the compiled op (on GPUs), the stand-in serves its own plain version."""
    from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttnFunction, multi_scale_deformable_attn_pytorch

    torch.manual_seed(0)
    shapes, start = torch.tensor([[3, 4], [2, 2]]), torch.tensor([0, 12])
    value, places = torch.randn(1, 16, 2, 3).double(), torch.rand(1, 5, 2, 2, 3, 2).double()
    weights = torch.rand(1, 5, 2, 2, 3).double()

    def attend(*inputs):
        return MultiScaleDeformableAttnFunction.apply(inputs[0], shapes, start, *inputs[1:], 64)

    torch.testing.assert_close(
        attend(value, places, weights), multi_scale_deformable_attn_pytorch(value, shapes, places, weights)
    )
    assert gradcheck(attend, tuple(x.requires_grad_() for x in (value, places, weights)))


def test_importing_everything_prints_nothing(repository):
    code = 'import pipeline, mmcv.ops, mmdet.apis, mmpose.apis, torch; torch.meshgrid(torch.ones(2))'
    done = subprocess.run([sys.executable, '-c', code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout == '' and done.stderr == ''


def test_other_notes_are_still_heard(capsys):
    import mmengine.logging

    mmengine.logging.print_log('something else')
    assert 'something else' in capsys.readouterr().out
    with pytest.warns(UserWarning, match='anything'):
        import warnings

        warnings.warn('anything', stacklevel=1)


@pytest.mark.parametrize('given, spins', [(None, '0'), ('ACTIVE', '30000000000')])
def test_waiting_threads_sleep_unless_the_user_says_otherwise(repository, given, spins):
    environment = {**os.environ, 'OMP_DISPLAY_ENV': 'verbose'}
    environment.pop('OMP_WAIT_POLICY', None)
    if given:
        environment['OMP_WAIT_POLICY'] = given
    code = 'from pipeline import VideoPipeline; import torch; torch.ones(1)'
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=repository, capture_output=True, text=True, env=environment, check=True
    )
    assert f"GOMP_SPINCOUNT = '{spins}'" in done.stderr

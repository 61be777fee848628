"""The stand-in for mmcv's compiled module: it is where mmcv looks, complete, and says what it lacks."""
import importlib.util
import subprocess
import sys

import pipeline.compat  # noqa: F401
import pytest
import torch
from pipeline.compat import mmcv_ops
from torch.autograd import gradcheck

pytestmark = pytest.mark.skipif(not isinstance(sys.modules['mmcv._ext'], mmcv_ops.StandIn),
                                reason='a compiled mmcv is installed')


def test_mmengine_finds_it():
    assert importlib.util.find_spec('mmcv._ext') is not None
    import mmcv.ops  # noqa: F401  (asks for every op)


def test_absent_op_is_named_with_the_way_to_get_it():
    from mmcv.ops import carafe
    with pytest.raises(NotImplementedError, match="'carafe_forward'.*pip install.*--no-build-isolation.*mmcv=="):
        carafe(torch.zeros(1, 4, 2, 2), torch.zeros(1, 25, 4, 4), 5, 1, 2)


def test_compiled_module_is_preferred_and_a_broken_one_replaced(monkeypatch):
    monkeypatch.setattr(importlib.util, 'find_spec', lambda name: object())
    compiled = object()

    def works(name):
        sys.modules[name] = compiled

    def breaks(name):
        raise ImportError('undefined symbol: _ZN2at')

    monkeypatch.delitem(sys.modules, mmcv_ops.NAME)
    monkeypatch.setattr(importlib, 'import_module', works)
    mmcv_ops.install()
    assert sys.modules[mmcv_ops.NAME] is compiled

    monkeypatch.delitem(sys.modules, mmcv_ops.NAME)
    monkeypatch.setattr(importlib, 'import_module', breaks)
    with pytest.warns(UserWarning, match='compiled against another torch .undefined symbol'):
        mmcv_ops.install()
    assert isinstance(sys.modules[mmcv_ops.NAME], mmcv_ops.StandIn)


def test_attention_over_several_scales():
    """Where mmcv calls the compiled op (on GPUs), the stand-in serves its own plain version."""
    from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttnFunction, multi_scale_deformable_attn_pytorch
    torch.manual_seed(0)
    shapes, start = torch.tensor([[3, 4], [2, 2]]), torch.tensor([0, 12])
    value, places = torch.randn(1, 16, 2, 3).double(), torch.rand(1, 5, 2, 2, 3, 2).double()
    weights = torch.rand(1, 5, 2, 2, 3).double()

    def attend(*inputs):
        return MultiScaleDeformableAttnFunction.apply(inputs[0], shapes, start, *inputs[1:], 64)

    torch.testing.assert_close(attend(value, places, weights),
                               multi_scale_deformable_attn_pytorch(value, shapes, places, weights))
    assert gradcheck(attend, tuple(x.requires_grad_() for x in (value, places, weights)))


def test_importing_everything_prints_nothing(repository):
    code = 'import pipeline.compat, mmcv.ops, mmdet.apis, mmpose.apis, torch; torch.meshgrid(torch.ones(2))'
    done = subprocess.run([sys.executable, '-c', code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout == '' and done.stderr == ''


def test_other_notes_are_still_heard(capsys):
    import mmengine.logging
    mmengine.logging.print_log('something else')
    assert 'something else' in capsys.readouterr().out
    with pytest.warns(UserWarning, match='anything'):
        import warnings
        warnings.warn('anything')


@pytest.mark.parametrize('given, kept', [(None, 'PASSIVE'), ('ACTIVE', 'ACTIVE')])
def test_waiting_threads_sleep_unless_the_user_says_otherwise(monkeypatch, given, kept):
    import os

    from pipeline.compat import threads
    monkeypatch.delenv(threads.VARIABLE, raising=False)
    if given:
        monkeypatch.setenv(threads.VARIABLE, given)
    threads.install()
    assert os.environ[threads.VARIABLE] == kept

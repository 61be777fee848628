"""Smooth, tracked human poses from a video.

from pipeline import VideoPipeline
VideoPipeline.from_preset('embedded').run('video.mp4', out_dir='out')
"""

from os import environ as _environ

from pipeline.backends.accounts import lend_a_home as _lend_a_home
from pipeline.backends.compat import import_hook as _import_hook
from pipeline.backends.threads import let_threads_sleep as _let_threads_sleep
from pipeline.version import __version__ as __version__

_environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(1 << 28))  # where headers lie; read when OpenCV is loaded
_let_threads_sleep()  # torch reads it when it is loaded
_lend_a_home()  # torch asks for it when it is loaded
_import_hook.install()

__all__ = ['InputError', 'VideoPipeline']


def __getattr__(name: str):
    # torch and MMPose take seconds to import; parts that need neither should not wait
    if name == 'VideoPipeline':
        from pipeline.pipeline import VideoPipeline

        return VideoPipeline
    if name == 'InputError':
        from pipeline.errors import InputError

        return InputError
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

"""Smooth, tracked human poses from a video.

    from pipeline import VideoPipeline
    VideoPipeline.from_preset('embedded').run('video.mp4', out_dir='out')
"""

__version__ = '0.1.0'
__all__ = ['InputError', 'VideoPipeline']


def __getattr__(name: str):
    # torch and MMPose take seconds to import; parts that need neither should not wait
    if name == 'VideoPipeline':
        from pipeline.chain import VideoPipeline
        return VideoPipeline
    if name == 'InputError':
        from pipeline.errors import InputError
        return InputError
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

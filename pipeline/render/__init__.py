"""Draw skeletons over frames, in the colours of their track ids."""

from pipeline.render.options import RenderOptions
from pipeline.render.renderer import Renderer

__all__ = ['RenderOptions', 'Renderer']

"""HANet: Kinematic-aware Hierarchical Attention Network (Jin et al., WACV 2023)."""
from pipeline.models.hanet.hanet import HANet, HANetOutput

__all__ = ['HANet', 'HANetOutput']

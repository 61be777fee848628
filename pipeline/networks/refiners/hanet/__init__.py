"""HANet: Kinematic-aware Hierarchical Attention Network (Jin et al., WACV 2023)."""

from pipeline.networks.refiners.hanet.hanet import HANet

__all__ = ['HANet']

"""Networks that refine tracks of poses: HANet, its guided descendant, SmoothNet, DeciWatch."""

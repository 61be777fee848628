"""Networks that lift 2D keypoints to 3D."""

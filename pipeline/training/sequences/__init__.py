"""Sequences of poses, and the file layouts that they are read from."""

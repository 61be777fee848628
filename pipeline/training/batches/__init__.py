"""Datasets whose items are whole batches of windows, drawn anew each epoch."""

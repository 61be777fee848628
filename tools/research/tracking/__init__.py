"""A simulated estimator on annotated tracks, to compare trackers."""

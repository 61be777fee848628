"""Augment clean motion: other bodies, other frame rates, an estimator's errors."""

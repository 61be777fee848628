"""The laboratory: benchmarks, ablations, robustness, simulation. The package never imports it."""

"""A chain of toys for a run in a process of its own: no network, no model."""

custom_imports = dict(imports=['toy_parts'])
detector = dict(type='BrightBlocks')
estimator = dict(type='Spread')
refiner = dict(type='gaussian', sigma=2.0)

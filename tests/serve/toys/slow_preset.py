"""The same chain, four frames a second at most: it can be watched and stopped."""

custom_imports = dict(imports=['toy_parts'])
detector = dict(type='BrightBlocks', seconds=0.25)
estimator = dict(type='Spread')
refiner = dict(type='gaussian', sigma=2.0)

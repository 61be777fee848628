"""Which packages and files a wheel holds; everything else about it is in pyproject.toml.

``configs/`` stands beside the package in a checkout, where people read and edit it, and lies inside it
once installed (:mod:`pipeline.resources`). pyproject.toml can either find packages or map one onto another
folder, so that both together have to be said here.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=['pipeline', 'pipeline.*']), 'pipeline.configs'],
    package_dir={'pipeline.configs': 'configs'},
    package_data={
        'pipeline': ['weights/*'],
        'pipeline.configs': ['**/*.py'],
        'pipeline.report': ['page/*'],
        'pipeline.serve': ['page/*'],
    },
)

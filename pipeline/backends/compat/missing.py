"""MMPose cannot be a plain dependency of this package, so where it is missing, its import says how to get it.

MMPose 1.3.2, the newest, asks for chumpy, which cannot be built any more and which only body
meshes need: pip fails on it. Installed without its dependencies it works; those that it does need
are dependencies of this package.
"""

from importlib.abc import MetaPathFinder

from pipeline.errors import InputError

MMPOSE = 'mmpose==1.3.2'


class MissingPackage(InputError, ImportError):
    """A package is not installed: one line for a person, an ImportError for code that can do without it."""


class MissingFinder(MetaPathFinder):
    """Answers for MMPose only, and only when every finder before it has found nothing."""

    def find_spec(self, name: str, path=None, target=None) -> None:
        if name == 'mmpose':
            raise MissingPackage(
                f'MMPose is not installed: run pip install --no-deps {MMPOSE} '
                '(without --no-deps pip fails, because MMPose asks for chumpy, which cannot be built)',
                name=name,
            )

"""A package of its own, as sleap-io installs another one by this name, which would come first in a subprocess."""

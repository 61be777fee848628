"""The commands of this package; the files in tools/ call them."""

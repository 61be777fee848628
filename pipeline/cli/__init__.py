"""The commands of this package; the files in tools/ are doors to them."""

"""Makes today's OpenMMLab packages work from a plain package index, without a compiler (:mod:`.import_hook`)."""

"""A local page to work with poses: watch a video run, look at the result, correct it.

The server listens on this machine only, serves one folder, and is one process; a run is a child of it. Layers, from
the socket inwards: :mod:`.server` (socket), :mod:`.guard` (who may ask), :mod:`.app` (what can be asked),
:mod:`.folder`, :mod:`.uploads`, :mod:`.jobs` and :mod:`.results` (what it is about).
"""

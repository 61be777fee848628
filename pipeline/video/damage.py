"""Recognise damaged files by what the decoder reports."""


class DecodeError(Exception):
    """A decoder stopped before the end of its range."""


class Damage:
    """Counts what went wrong while one range of frames was read."""

    def __init__(self):
        self.errors = 0

    def count(self, error: object = None) -> None:
        """Note one error, or one picture that came with patches."""
        self.errors += 1

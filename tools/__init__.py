"""Commands; `tools.research` is importable from the repository root."""

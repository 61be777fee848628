"""Collate functions for data loaders, by name in MMEngine's registry."""

from typing import Any, Sequence

from mmengine.registry import FUNCTIONS


@FUNCTIONS.register_module()
def first_item(items: Sequence[Any]) -> Any:
    """For datasets whose items are whole batches already, loaded one at a time."""
    return items[0]

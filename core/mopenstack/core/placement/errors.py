"""Why inventories or allocations cannot change; the operations word their refusals around it."""

from __future__ import annotations


class AllocationError(Exception):
    """A change of inventories or allocations that cannot be."""


class UnknownClass(AllocationError):
    def __init__(self, name: str) -> None:
        super().__init__(f"No such resource class {name}.")


class InvalidInventory(AllocationError):
    """No inventory, no capacity, or constraints that the amount breaks."""


class InUse(AllocationError):
    def __init__(self, classes: list[str], provider: str) -> None:
        super().__init__(f"Inventory for '{', '.join(classes)}' on resource provider '{provider}' in use.")

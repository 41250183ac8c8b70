"""Placement's refusals. `error_code` is what the answer names from microversion 1.23 on (placement/errors.py)."""

from __future__ import annotations

from typing import Any, ClassVar

from mopenstack.contract.faults import Fault

CONCURRENT_UPDATE = "placement.concurrent_update"
INVENTORY_IN_USE = "placement.inventory.inuse"


class _Coded(Fault):
    error_code: ClassVar[str] = ""

    def __init__(self, text: str | None = None, **facts: Any) -> None:
        facts.setdefault("error_code", self.error_code)
        if not facts["error_code"]:
            del facts["error_code"]
        super().__init__(text, **facts)


# -- what the inside of the ledger says; the operations word the refusal around it


class LedgerError(Exception):
    """A change of inventories or allocations that cannot be."""


class UnknownClass(LedgerError):
    def __init__(self, name: str) -> None:
        super().__init__(f"No such resource class {name}.")


class InvalidInventory(LedgerError):
    """No inventory, no capacity, or constraints that the amount breaks."""


class InUse(LedgerError):
    def __init__(self, classes: list[str], provider: str) -> None:
        super().__init__(f"Inventory for '{', '.join(classes)}' on resource provider '{provider}' in use.")

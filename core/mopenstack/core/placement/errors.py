"""Placement's refusals. `error_code` is what the answer names from microversion 1.23 on (placement/errors.py)."""

from __future__ import annotations

from typing import Any, ClassVar

from mopenstack.contract.faults import BadRequest, Conflict, Fault, NotFound

CONCURRENT_UPDATE = "placement.concurrent_update"
INVENTORY_IN_USE = "placement.inventory.inuse"


class _Coded(Fault):
    error_code: ClassVar[str] = ""

    def __init__(self, text: str | None = None, **facts: Any) -> None:
        facts.setdefault("error_code", self.error_code)
        if not facts["error_code"]:
            del facts["error_code"]
        super().__init__(text, **facts)


class PlacementConflict(_Coded, Conflict):
    """A 409; the text is the case's own."""


class ConcurrentUpdate(PlacementConflict):
    error_code = CONCURRENT_UPDATE


class DuplicateName(PlacementConflict):
    error_code = "placement.duplicate_name"


class ProviderInUse(PlacementConflict):
    error_code = "placement.resource_provider.inuse"
    message = "Unable to delete resource provider {id}: Resource provider has allocations."


class ProviderHasChildren(PlacementConflict):
    error_code = "placement.resource_provider.cannot_delete_parent"
    message = "Unable to delete parent resource provider {id}: It has child resource providers."


class InventoryInUse(PlacementConflict):
    error_code = INVENTORY_IN_USE


class BadQueryValue(_Coded, BadRequest):
    error_code = "placement.query.bad_value"


class MissingQueryValue(_Coded, BadRequest):
    error_code = "placement.query.missing_value"


class DuplicateQueryKey(_Coded, BadRequest):
    error_code = "placement.query.duplicate_key"


class UnknownReshapedProvider(_Coded, BadRequest):
    error_code = "placement.resource_provider.not_found"
    message = "Resource provider {id} in inventories not found: No resource provider with uuid {id} found"


class ProviderNotFound(NotFound):
    message = "No resource provider with uuid {id} found"


class TraitNotFound(NotFound):
    message = "No such trait(s): {name}."


class ResourceClassNotFound(NotFound):
    message = "No such resource class {name}."


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

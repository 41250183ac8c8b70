"""Which modules an instance may have (trove/module/models.py)."""

from __future__ import annotations

from collections.abc import Iterable

from mopenstack.core.database.datastores.choices import Chosen
from mopenstack.core.engine.call import Call
from mopenstack.database.v1 import refusals
from mopenstack.database.v1.modules_pb2 import Module


async def modules_of(call: Call, ids: Iterable[str]) -> list[Module]:
    """The modules with these IDs that the caller may use; others are left out."""
    found = [await call.tx.get(Module, id) for id in dict.fromkeys(ids)]
    return [one for one in found if one is not None and _is_usable(call, one)]


async def auto_applied(call: Call, what: Chosen) -> list[Module]:
    """The modules that every new instance of a version gets."""
    return [
        one
        for one in await call.tx.scan(Module)
        if one.auto_apply
        and (one.shared or one.project_id == call.caller.project_id)
        and one.datastore_id in ("", what.datastore.id)
        and one.datastore_version_id in ("", what.version.id)
    ]


def check_modules(modules: Iterable[Module], what: Chosen) -> None:
    """Refuse modules of another datastore or version."""
    for one in modules:
        if one.datastore_id not in ("", what.datastore.id):
            wrong = f"(Wrong datastore '{one.datastore_id}' - expected '{what.datastore.id}')"
        elif one.datastore_version_id not in ("", what.version.id):
            wrong = f"(Wrong datastore version '{one.datastore_version_id}' - expected '{what.version.id}')"
        else:
            continue
        raise refusals.ModuleInvalid(reason=f"Module '{one.name}' cannot be applied  {wrong}")


def _is_usable(call: Call, module: Module) -> bool:
    return call.caller.is_admin or module.shared or module.project_id == call.caller.project_id

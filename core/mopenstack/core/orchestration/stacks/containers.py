"""Files of stacks that lie in a container of the object store. Source: heat/engine/template_files.py."""

from __future__ import annotations

from mopenstack.contract.faults import NotServed
from mopenstack.core.engine.call import Call


async def files_in(call: Call, container: str, known: set[str]) -> dict[str, str]:
    """Name -> text of the objects of a container of the caller's; raises NotServed."""
    raise NotServed("Files out of a container of the object store are not served.")

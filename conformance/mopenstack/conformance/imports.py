"""`terraform import` of everything in a state: what can be imported, by which id, and what an import cannot know.

The id that a resource has in the state is the one that `terraform import` takes, for every type of the served
services. Source: docs/resources/*.md of the provider 3.4.0.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

NOT_IMPORTABLE = {
    "openstack_blockstorage_volume_attach_v3": "the provider has no importer for it",
    "openstack_networking_portforwarding_v2": "the provider has no importer for it",
    "openstack_networking_trunk_v2": "the provider has no importer for it",
}
"""Resource types of the served services that stay in the state, with the reason."""

NOT_TOLD: dict[str, tuple[str, ...]] = {}
"""Attributes that no answer of the API tells, or that are Terraform's own: after an import they are not known."""


class Resource(NamedTuple):
    """One resource of a state, an instance of a count or for_each by itself."""

    kind: str
    block: str
    """Address without the index: what a configuration's block is called."""
    address: str
    id: str
    attributes: dict[str, Any]

    @property
    def is_data(self) -> bool:
        """Whether it is a data source."""
        return ".data." in f".{self.block}"


def resources(state: dict[str, Any]) -> list[Resource]:
    """All resources and data sources of a state as `terraform state pull` prints it."""
    found = []
    for one in state.get("resources", []):
        module = f"{one['module']}." if "module" in one else ""
        block = f"{module}{'data.' if one['mode'] == 'data' else ''}{one['type']}.{one['name']}"
        for instance in one["instances"]:
            index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
            values = instance["attributes"]
            found.append(Resource(one["type"], block, block + index, str(values.get("id")), values))
    return found


def importable(state: dict[str, Any]) -> list[Resource]:
    """The managed resources that the provider can import."""
    return [one for one in resources(state) if not one.is_data and one.kind not in NOT_IMPORTABLE]


def without(state: dict[str, Any], taken: list[Resource]) -> dict[str, Any]:
    """The state without these resources; what cannot be imported stays."""
    kinds = {one.kind for one in taken}
    kept = [one for one in state["resources"] if one["mode"] == "data" or one["type"] not in kinds]
    return {**state, "resources": kept}


def write_blocks(folder: Path, taken: list[Resource]) -> None:
    """Write `import` blocks for these resources, and have the plan pass over what an import cannot know."""
    blocks = [f"import {{\n  to = {one.address}\n  id = {json.dumps(one.id)}\n}}\n" for one in taken]
    (folder / "imports.tf").write_text("\n".join(blocks))
    overrides = []
    for block, kind in sorted({(one.block, one.kind) for one in taken if one.kind in NOT_TOLD}):
        _, name = block.rsplit(".", 1)
        ignored = ", ".join(NOT_TOLD[kind])
        overrides.append(f'resource "{kind}" "{name}" {{\n  lifecycle {{\n    ignore_changes = [{ignored}]\n  }}\n}}\n')
    (folder / "imports_override.tf").write_text("\n".join(overrides))

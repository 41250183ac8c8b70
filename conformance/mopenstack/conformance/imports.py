"""`terraform import` of everything in a state: what can be imported, by which id, and what an import cannot know.

The id that a resource has in the state is the one that `terraform import` takes, for every type of the served
services but those of BELOW. Source: docs/resources/*.md of the provider 3.4.0.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

NOT_IMPORTABLE = {
    "openstack_blockstorage_volume_attach_v3": "the provider has no importer for it",
    "openstack_networking_portforwarding_v2": "the provider has no importer for it",
    "openstack_networking_trunk_v2": "the provider has no importer for it",
    "openstack_objectstorage_object_v1": "the provider has no importer for it",
    "openstack_objectstorage_tempurl_v1": "the provider has no importer for it",
}
"""Resource types of the served services that stay in the state, with the reason."""

BELOW = {
    "openstack_dns_zone_share_v2": "zone_id",
    "openstack_lb_l7rule_v2": "l7policy_id",
    "openstack_lb_member_v2": "pool_id",
}
"""Types whose import takes the id of what they are below of, too: `<it>/<id>`; the attribute that says it."""

_TAGS = ("floatingip", "network", "qos_policy", "router", "subnetpool")
NOT_TOLD: dict[str, tuple[str, ...]] = {
    # The importer takes every volume that can boot for one that was made of an image, and knows no other block devices.
    "openstack_compute_instance_v2": (
        "block_device",
        "force_delete",
        "network[0].port",
        "scheduler_hints",
        "stop_before_destroy",
        "tags",
        "user_data",
    ),
    # An answer has the labels of the template, too, and does not tell which ones were asked for.
    **{f"openstack_containerinfra_{kind}_v1": ("labels", "merge_labels") for kind in ("cluster", "nodegroup")},
    "openstack_dns_transfer_accept_v2": ("disable_status_check", "key"),
    "openstack_identity_user_v3": ("password",),
    "openstack_images_image_v2": ("image_cache_path", "local_file_path"),
    "openstack_keymanager_secret_v1": ("metadata", "payload_content_encoding"),
    # A pool that an L7 policy sends to is also the listener's, and the importer then takes it for made at that.
    "openstack_lb_pool_v2": ("listener_id", "loadbalancer_id"),
    # Of what the service tells, the provider keeps only the tags that the configuration is known to ask for.
    **{f"openstack_networking_{kind}_v2": ("tags",) for kind in _TAGS},
    "openstack_networking_port_secgroup_associate_v2": ("security_group_ids",),
    "openstack_networking_port_v2": ("fixed_ip", "no_security_groups", "security_group_ids", "tags"),
    "openstack_networking_secgroup_v2": ("delete_default_rules", "tags"),
    "openstack_networking_subnet_v2": ("prefix_length", "tags"),
    "openstack_objectstorage_container_v1": ("content_type", "force_destroy", "metadata"),
}
"""Attributes that no answer of the API tells, or that the provider's read leaves alone: an import cannot know them.

Source: `ImportStateVerifyIgnore` of the provider's own import tests, and what its read functions set.
"""

TOLD_TWICE = {"openstack_compute_interface_attach_v2": ("openstack_compute_instance_v2", "network")}
"""A type whose resources an import of another type takes for a part of its own, and which attribute that is."""


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
            above = f"{values.get(BELOW[one['type']])}/" if one["type"] in BELOW else ""
            found.append(Resource(one["type"], block, block + index, f"{above}{values.get('id')}", values))
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
    overrides = [
        f'resource "{kind}" "{block.rsplit(".", 1)[1]}" {{\n  lifecycle {{\n'
        f"    ignore_changes = [{', '.join(ignored)}]\n  }}\n}}\n"
        # An override reaches the blocks of its own folder only, not those of a module.
        for block, kind in sorted({(one.block, one.kind) for one in taken if not one.block.startswith("module.")})
        if (ignored := _not_told(kind, {one.kind for one in taken}))
    ]
    (folder / "imports_override.tf").write_text("\n".join(overrides))


def _not_told(kind: str, all_kinds: set[str]) -> list[str]:
    """What to pass over in resources of a type, where the state has these types."""
    twice = [part for other, (whole, part) in TOLD_TWICE.items() if other in all_kinds and whole == kind]
    return [*NOT_TOLD.get(kind, ()), *twice]

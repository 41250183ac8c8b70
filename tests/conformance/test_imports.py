"""Import blocks from a state, and requests with values of a state in them."""

from pathlib import Path
from typing import Any

import pytest

from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.imports import importable, resources, without, write_blocks
from mopenstack.conformance.outside import fill


def entry(kind: str, name: str, *instances: dict[str, Any], mode: str = "managed", **more: str) -> dict[str, Any]:
    return {"mode": mode, "type": kind, "name": name, "instances": list(instances), **more}


NET, TRUNK = "openstack_networking_network_v2", "openstack_networking_trunk_v2"
SERVER, ATTACHED = "openstack_compute_instance_v2", "openstack_compute_interface_attach_v2"
STATE = {
    "serial": 3,
    "resources": [
        entry(NET, "each", {"index_key": "a", "attributes": {"id": "1"}}, {"index_key": 0, "attributes": {"id": "2"}}),
        entry(NET, "inner", {"attributes": {"id": "3"}}, module="module.m"),
        entry(NET, "found", {"attributes": {"id": "4"}}, mode="data"),
        entry(TRUNK, "trunk", {"attributes": {"id": "5"}}),
    ],
}


def test_addresses_of_a_state() -> None:
    """Each instance by itself, as Terraform writes it."""
    assert [(one.address, one.id) for one in resources(STATE)] == [
        (f'{NET}.each["a"]', "1"),
        (f"{NET}.each[0]", "2"),
        (f"module.m.{NET}.inner", "3"),
        (f"data.{NET}.found", "4"),
        (f"{TRUNK}.trunk", "5"),
    ]
    assert [one.is_data for one in resources(STATE)] == [False, False, False, True, False]


def test_what_cannot_be_imported_stays() -> None:
    taken = importable(STATE)
    assert [one.id for one in taken] == ["1", "2", "3"]
    assert [one.id for one in resources(without(STATE, taken))] == ["4", "5"]


def test_blocks(tmp_path: Path) -> None:
    """An import block for each instance; an override for each block of a type that has something to pass over."""
    state = {"resources": [*STATE["resources"][:1], entry(SERVER, "s", {"attributes": {"id": 'o"dd'}})]}  # type: ignore[index]
    write_blocks(tmp_path, importable(state))
    blocks = (tmp_path / "imports.tf").read_text()
    assert f'to = {NET}.each["a"]\n  id = "1"' in blocks
    assert f'to = {SERVER}.s\n  id = "o\\"dd"' in blocks
    overrides = (tmp_path / "imports_override.tf").read_text()
    assert overrides.count(f'resource "{NET}" "each"') == 1
    assert "network]" not in overrides
    state["resources"].append(entry(ATTACHED, "a", {"attributes": {"id": "x/y"}}))
    write_blocks(tmp_path, importable(state))
    assert "user_data, network]" in (tmp_path / "imports_override.tf").read_text()


def test_values_of_the_state_in_a_request() -> None:
    """Wherever they are written; one that is not there is an error."""
    values = {f'{NET}.each["a"]': {"id": "1", "mtu": 1450}}
    path = "/v2.0/networks/{" + f'{NET}.each["a"]' + ".id}/x"
    assert fill(path, values) == "/v2.0/networks/1/x"
    assert fill({"a": [path, 7, None]}, values) == {"a": ["/v2.0/networks/1/x", 7, None]}
    with pytest.raises(CloudError, match="the state has no"):
        fill("/{a.b.id}", values)

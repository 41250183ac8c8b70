"""Tap services, flows and mirrors."""

from __future__ import annotations

from typing import Any

SERVICES, FLOWS, MIRRORS = "taas/tap_services", "taas/tap_flows", "taas/tap_mirrors"


async def _port(neutron: Any) -> Any:
    network, _ = await neutron.network()
    return await neutron.create("ports", network_id=network["id"])


async def test_a_service_with_a_flow(neutron: Any) -> None:
    target, source = await _port(neutron), await _port(neutron)
    service = await neutron.create(SERVICES, port_id=target["id"])
    assert service["status"] == "DOWN"
    assert (await neutron.show(SERVICES, service["id"]))["status"] == "ACTIVE"
    body = {"tap_service_id": service["id"], "source_port": source["id"], "direction": "BOTH"}
    (await neutron.post(FLOWS, **body, vlan_filter="a")).refused(400)
    flow = await neutron.create(FLOWS, **body, vlan_filter="9,18-27")
    assert (flow["status"], flow["vlan_filter"]) == ("DOWN", "9,18-27")
    assert (await neutron.update(FLOWS, flow["id"], name="n"))["name"] == "n"
    (await neutron.delete("ports", target["id"])).ok(204)
    (await neutron.get(SERVICES, service["id"])).refused(404, f"Tap Service  {service['id']} does not exist")
    (await neutron.get(FLOWS, flow["id"])).refused(404, f"Tap Flow  {flow['id']} does not exist")


async def test_a_flow_goes_with_its_port(neutron: Any) -> None:
    service = await neutron.create(SERVICES, port_id=(await _port(neutron))["id"])
    source = await _port(neutron)
    ids = {"tap_service_id": service["id"], "source_port": source["id"]}
    flow = await neutron.create(FLOWS, **ids, direction="IN")
    (await neutron.delete("ports", source["id"])).ok(204)
    (await neutron.get(FLOWS, flow["id"])).refused(404)
    (await neutron.get(SERVICES, service["id"])).ok(200)


async def test_tunnels_of_mirrors_are_their_own(neutron: Any, admin_neutron: Any) -> None:
    port = await _port(neutron)
    body = {"port_id": port["id"], "remote_ip": "192.0.2.9", "mirror_type": "gre"}
    mirror = await neutron.create(MIRRORS, **body, directions={"IN": "100", "OUT": 101})
    assert mirror["directions"] == {"IN": "100", "OUT": 101}
    (await neutron.post(MIRRORS, **body, directions={"IN": 101})).refused(
        409, "Tap Mirror with tunnel_id 101 already exists"
    )
    (await neutron.post(MIRRORS, **body, directions={"UP": 1})).refused(
        400, "Invalid input for directions. Reason: Unexpected keys supplied: UP."
    )
    (await admin_neutron.post(MIRRORS, **body, directions={"IN": 5})).refused(
        403, "The specified port does not belong to the tenant"
    )
    (await neutron.delete("ports", port["id"])).ok(204)
    (await neutron.get(MIRRORS, mirror["id"])).refused(404, f"Tap Mirror {mirror['id']} does not exist")

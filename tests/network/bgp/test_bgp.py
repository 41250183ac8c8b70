"""BGP speakers and peers."""

from __future__ import annotations

from typing import Any


async def _action(neutron: Any, speaker: Any, action: str, **what: Any) -> Any:
    return await neutron.user.put("network", f"/v2.0/bgp-speakers/{speaker['id']}/{action}", what)


async def test_a_speaker_with_a_peer_and_a_network(admin_neutron: Any, neutron: Any) -> None:
    speaker = await admin_neutron.create("bgp-speakers", name="s", ip_version=4, local_as=1004)
    assert (speaker["advertise_tenant_networks"], speaker["peers"], speaker["networks"]) == (True, [], [])
    peer = await admin_neutron.create("bgp-peers", peer_ip="1.0.0.2", remote_as=1, auth_type="md5", password="x")
    assert "password" not in peer
    (await _action(admin_neutron, speaker, "add_bgp_peer", bgp_peer_id=peer["id"])).ok(200)
    (public,) = await neutron.list("networks", "name=public")
    (await _action(admin_neutron, speaker, "add_gateway_network", network_id=public["id"])).ok(200)
    shown = await admin_neutron.show("bgp-speakers", speaker["id"])
    assert (shown["peers"], shown["networks"]) == ([peer["id"]], [public["id"]])
    (await _action(admin_neutron, speaker, "add_gateway_network", network_id=public["id"])).refused(
        409, f"Network {public['id']} is already bound to BgpSpeaker {speaker['id']}."
    )
    (await admin_neutron.delete("bgp-peers", peer["id"])).ok(204)
    (await _action(admin_neutron, speaker, "remove_bgp_peer", bgp_peer_id=peer["id"])).refused(
        404, f"BGP peer {peer['id']} is not associated with BGP speaker {speaker['id']}."
    )


async def test_floating_ips_are_advertised(admin_neutron: Any, neutron: Any) -> None:
    (public,) = await neutron.list("networks", "name=public")
    network, subnet = await neutron.network()
    router = await neutron.create("routers", external_gateway_info={"network_id": public["id"]})
    path = f"/v2.0/routers/{router['id']}/add_router_interface"
    (await neutron.user.put("network", path, {"subnet_id": subnet["id"]})).ok(200)
    port = await neutron.create("ports", network_id=network["id"])
    fip = await neutron.create("floatingips", floating_network_id=public["id"], port_id=port["id"])
    speaker = await admin_neutron.create("bgp-speakers", ip_version=4, local_as=1)
    (await _action(admin_neutron, speaker, "add_gateway_network", network_id=public["id"])).ok(200)
    path = f"/v2.0/bgp-speakers/{speaker['id']}/get_advertised_routes"
    hop = router["external_gateway_info"]["external_fixed_ips"][0]["ip_address"]
    assert (await admin_neutron.user.get("network", path)).ok(200)["advertised_routes"] == [
        {"destination": f"{fip['floating_ip_address']}/32", "next_hop": hop}
    ]


async def test_refusals(admin_neutron: Any, neutron: Any) -> None:
    (await neutron.post("bgp-speakers", ip_version=4, local_as=1)).refused(403)
    (await admin_neutron.post("bgp-speakers", ip_version=4, local_as=0)).refused(
        400, "Invalid input for local_as. Reason: '0' is too small - must be at least '1'."
    )
    (await admin_neutron.post("bgp-peers", peer_ip="1.2.3.4", remote_as=1, auth_type="md5")).refused(
        400, "A password must be supplied when using auth_type md5."
    )
    (await admin_neutron.post("bgp-peers", peer_ip="zz", remote_as=1)).refused(
        400, "Failed to parse request. Required attribute 'auth_type' not specified"
    )

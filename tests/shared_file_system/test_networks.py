"""Share networks, the servers that shares make on them, and quotas of types."""

from __future__ import annotations

from tests.conftest import User
from tests.shared_file_system.making import NET, SUBNET, Manila


async def test_shares_of_a_network_share_a_server_that_goes_with_it(demo: User, admin: User) -> None:
    manila, root = Manila(demo), Manila(admin)
    network = await manila.network(name="n")
    shares = [await manila.share(share_type="dhss_true", share_network_id=network["id"]) for _ in range(4)]
    servers = {(await root.get(f"/shares/{one['id']}"))["share"]["share_server_id"] for one in shares}
    assert len(servers) == 2  # one on each back end that makes them
    path = f"/share-networks/{network['id']}"
    assert await manila.refused("DELETE", path) == (
        409,
        f"Can not delete share network {network['id']}, it has 4 share(s).",
    )
    for share in shares:
        (await manila.send("DELETE", f"/shares/{share['id']}")).ok()
    (await manila.send("DELETE", path)).ok()
    assert (await root.get("/share-servers"))["share_servers"] == []


async def test_a_network_shows_its_first_subnet_to_older_clients(demo: User) -> None:
    network = await Manila(demo).network()
    (subnet,) = network["share_network_subnets"]
    assert (subnet["neutron_net_id"], subnet["neutron_subnet_id"]) == (NET, SUBNET)
    older = (await Manila(demo, "2.50").get(f"/share-networks/{network['id']}"))["share_network"]
    assert (older["neutron_net_id"], "share_network_subnets" in older) == (NET, False)


async def test_a_share_type_has_a_quota_within_the_projects(demo: User, admin: User) -> None:
    root, manila = Manila(admin), Manila(demo)
    path = f"/quota-sets/{demo.project_id}?share_type=dhss_false"
    (await root.send("PUT", path, {"quota_set": {"shares": 1}})).ok()
    assert "share_networks" not in (await root.get(path))["quota_set"]
    await manila.share(share_type="dhss_false")
    body = {"share": {"share_proto": "NFS", "size": 1, "share_type": "dhss_false"}}
    status, said = await manila.refused("POST", "/shares", body)
    assert status == 413
    assert said.startswith("ShareLimitExceeded: Maximum number of shares allowed (1)")
    await manila.share()


async def test_a_replica_is_promoted_and_the_first_one_follows(demo: User, admin: User) -> None:
    specs = {"driver_handles_share_servers": "False", "replication_type": "readable"}
    await Manila(admin).make("/types", "share_type", name="twice", extra_specs=specs)
    manila = Manila(demo)
    share = await manila.share(share_type="twice")
    replica = await manila.make("/share-replicas", "share_replica", share_id=share["id"])
    (await manila.act(f"/share-replicas/{replica['id']}", "promote")).ok()
    found = (await manila.get(f"/share-replicas?share_id={share['id']}"))["share_replicas"]
    states = {one["id"]: one["replica_state"] for one in found}
    assert states.pop(replica["id"]) == "active"
    assert list(states.values()) == ["in_sync"]

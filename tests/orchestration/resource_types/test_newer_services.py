"""Types of Manila, Magnum, Trove and Mistral."""

from __future__ import annotations

from tests.conftest import Cloud
from tests.container_infra import making as clusters
from tests.orchestration.resource_types.bench import bench


async def test_manila(cloud: Cloud) -> None:
    """A share of a type and a network of their own, with access rules, which are brought to what is wanted."""
    work, admin = await bench(cloud, "admin"), await cloud.user("admin")
    kind = await work.create(
        "OS::Manila::ShareType",
        name="t",
        driver_handles_share_servers=True,
        extra_specs={"acme:a": "1"},
    )
    specs = (await admin.get("share", f"/v2/types/{kind.physical_id}/extra_specs")).ok()["extra_specs"]
    assert (specs["driver_handles_share_servers"], specs["acme:a"]) == ("True", "1")
    await work.update(kind, extra_specs={"acme:b": "2"})
    specs = (await admin.get("share", f"/v2/types/{kind.physical_id}/extra_specs")).ok()["extra_specs"]
    assert ("acme:a" in specs, specs["acme:b"]) == (False, "2")
    service = await work.create("OS::Manila::SecurityService", name="s", type="ldap", dns_ip="10.0.0.2")
    subnet = (await admin.get("network", "/v2.0/subnets?name=private-subnet")).ok()["subnets"][0]
    network = await work.create(
        "OS::Manila::ShareNetwork", name="n", neutron_subnet="private-subnet", security_services=["s"]
    )
    shown = (await admin.get("share", f"/v2/share-networks/{network.physical_id}")).ok()["share_network"]
    assert shown["neutron_net_id"] == subnet["network_id"]
    rules = [{"access_to": "10.0.0.0/24", "access_type": "ip", "access_level": "ro"}]
    share = await work.create(
        "OS::Manila::Share",
        name="x",
        share_protocol="NFS",
        size=1,
        share_type="t",
        share_network="n",
        metadata={"k": "v"},
        access_rules=rules,
    )
    assert await work.attribute(share, "status") == "available"
    assert all("/share_" in one for one in await work.attribute(share, "export_locations"))
    other = {**rules[0], "access_to": "10.0.1.0/24"}
    await work.update(share, name="y", description="d", metadata={"k": "w"}, access_rules=[other])
    shown = (await admin.get("share", f"/v2/shares/{share.physical_id}")).ok()["share"]
    assert (shown["name"], shown["description"], shown["metadata"]) == ("y", "d", {"k": "w"})
    headers = {"X-OpenStack-Manila-API-Version": "2.45"}
    path = f"/v2/share-access-rules?share_id={share.physical_id}"
    found = (await admin.get("share", path, headers=headers)).ok()["access_list"]
    assert [one["access_to"] for one in found] == ["10.0.1.0/24"]
    for one in (share, network, service, kind):
        await work.delete(one)


async def test_magnum(cloud: Cloud) -> None:
    """A cluster template, whose properties have other names at Magnum."""
    await clusters.ready(cloud)
    work = await bench(cloud)
    template = await work.create(
        "OS::Magnum::ClusterTemplate",
        name="t",
        image="fcos",
        flavor="m1.small",
        master_flavor="m1.small",
        external_network="public",
        coe="kubernetes",
        docker_volume_size=3,
    )
    assert (await work.attribute(template, "show"))["image_id"] == "fcos"
    await work.delete(template)


async def test_trove(cloud: Cloud) -> None:
    """A database instance with databases and users, which are brought to what is wanted."""
    work, user = await bench(cloud), await cloud.user()
    network = (await user.get("network", "/v2.0/networks?name=private")).ok()["networks"][0]["id"]
    instance = await work.create(
        "OS::Trove::Instance",
        name="db",
        flavor="m1.small",
        size=2,
        datastore_type="mysql",
        networks=[{"network": network}],
        databases=[{"name": "a"}],
        users=[{"name": "u", "password": "secret", "databases": ["a"]}],
    )
    assert (await work.attribute(instance, "show"))["status"] == "ACTIVE"
    await work.update(instance, databases=[{"name": "b"}], name="other")
    found = (await user.get("database", f"/v1.0/{user.project_id}/instances/{instance.physical_id}/databases")).ok()
    assert [one["name"] for one in found["databases"]] == ["b"]
    await work.delete(instance)


async def test_mistral(cloud: Cloud) -> None:
    """A trigger of a workflow that is there."""
    work, user = await bench(cloud), await cloud.user()
    text = "version: '2.0'\nflow:\n  tasks:\n    one:\n      action: std.noop\n"
    headers = {"Content-Type": "text/plain", "Accept": "*/*"}
    made = await user.send("POST", "workflow", "/v2/workflows", data=text, headers=headers)
    made.ok(201)
    trigger = await work.create("OS::Mistral::CronTrigger", pattern="1 0 * * *", workflow={"name": "flow"}, count=3)
    assert await work.attribute(trigger, "remaining_executions") == 3
    await work.delete(trigger)

"""Clouds in one process share nothing."""

from __future__ import annotations

from mopenstack.contract.addresses import cloud_path, split_cloud
from tests.conftest import Cloud, User


async def test_two_clouds_share_nothing(cloud: Cloud) -> None:
    """The same names and addresses in both; neither sees the other's; a token of one is refused by the other."""
    administration = cloud.serving.administration
    await administration.create_cloud("other-dev1")
    try:
        other = Cloud("other-dev1", cloud.serving, cloud.session)
        one, two = await cloud.user("demo"), await other.user("demo")
        ids = []
        for user in (one, two):
            network = (await user.post("network", "/v2.0/networks", {"network": {"name": "same"}})).ok(201)["network"]
            subnet = {"network_id": network["id"], "cidr": "10.99.0.0/24", "ip_version": 4}
            (await user.post("network", "/v2.0/subnets", {"subnet": subnet})).ok(201)
            fixed = [{"ip_address": "10.99.0.7"}]
            mac = "fa:16:3e:00:00:07"
            port = {"network_id": network["id"], "fixed_ips": fixed, "mac_address": mac}
            admin = await (cloud if user is one else other).user("admin")
            (await admin.post("network", "/v2.0/ports", {"port": port})).ok(201)
            ids.append(network["id"])
        for user, own in ((one, ids[0]), (two, ids[1])):
            found = (await user.get("network", "/v2.0/networks?name=same")).ok()["networks"]
            assert [network["id"] for network in found] == [own]
        assert one.token != two.token
        crossed = User(cloud.session, other.url, one.token, one.project_id)
        for api, path in (
            ("network", "/v2.0/networks"),
            ("compute", "/v2.1/servers"),
            ("identity", "/v3/auth/catalog"),
        ):
            (await crossed.get(api, path)).refused(401)
    finally:
        await administration.delete_cloud("other-dev1")


async def test_the_catalog_carries_the_cloud_on(cloud: Cloud, demo: User) -> None:
    """Every address of the catalog lies under the cloud's own prefix, on the host that the client asked."""
    catalog = (await demo.get("identity", "/v3/auth/catalog")).ok()["catalog"]
    addresses = [endpoint["url"] for service in catalog for endpoint in service["endpoints"]]
    assert addresses
    assert all(address.startswith(cloud.url + "/") for address in addresses)


def test_names_of_clouds_look_like_no_version() -> None:
    """gophercloud cuts an identity URL at the first `v<digit>` of its path."""
    for name in ("dev1", "v2", "srv10-v3", "plain"):
        path = cloud_path(name)
        assert not __import__("re").search(r"v[0-9]", path)
        assert split_cloud(path + "/identity/v3") == (name, path, "/identity/v3")

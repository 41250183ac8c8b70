"""Providers, and what their profiles may say."""

from __future__ import annotations

from tests.client import User

API = "load-balancer"


async def test_everybody_lists_the_providers(demo: User) -> None:
    listed = (await demo.get(API, "/v2/lbaas/providers")).ok()["providers"]
    assert listed == [
        {"name": "amphora", "description": "The Octavia Amphora driver."},
        {"name": "octavia", "description": "Deprecated alias of the Octavia Amphora driver."},
        {"name": "ovn", "description": "Octavia OVN driver."},
    ]
    names = (await demo.get(API, "/v2/lbaas/providers", params={"fields": "name"})).ok()["providers"]
    assert names == [{"name": "amphora"}, {"name": "octavia"}, {"name": "ovn"}]


async def test_capabilities_are_for_admins(admin: User, demo: User) -> None:
    path = "/v2/lbaas/providers/{}/{}_capabilities"
    for what, names in (
        ("flavor", ["loadbalancer_topology", "compute_flavor", "amp_image_tag", "sriov_vip", "allow_member_sriov"]),
        ("availability_zone", ["compute_zone", "volume_zone", "management_network", "valid_vip_networks"]),
    ):
        key = f"{what}_capabilities"
        listed = (await admin.get(API, path.format("octavia", what))).ok()[key]
        assert [one["name"] for one in listed] == names
        assert (await admin.get(API, path.format("amphora", what), params={"name": names[1]})).ok()[key] == [listed[1]]
        assert (await demo.get(API, path.format("amphora", what))).status == 403
        (await admin.get(API, path.format("zz", what))).refused(400, "Provider 'zz' is not enabled.")
        words = what.replace("_", " ")
        (await admin.get(API, path.format("ovn", what))).refused(
            501,
            "Provider 'ovn' does not support a requested action: "
            f"This provider does not support getting the supported {words} metadata.",
        )

"""Shares through their lives: what they need, what they keep, and what they leave behind."""

from __future__ import annotations

from tests.conftest import User
from tests.shared_file_system.making import Manila


async def test_a_share_is_mounted_by_those_whom_its_rules_name(demo: User, admin: User) -> None:
    manila, root = Manila(demo), Manila(admin)
    share = await manila.share(metadata={"team": "a"})
    assert (share["status"], share["size"], share["availability_zone"]) == ("available", 1, "nova")
    path = f"/shares/{share['id']}"
    seen = (await manila.get(f"{path}/export_locations"))["export_locations"]
    assert len(seen) == 2
    assert len((await root.get(f"{path}/export_locations"))["export_locations"]) == 3  # one is for administrators
    rule = {"access_type": "ip", "access_to": "192.0.2.7", "access_level": "ro"}
    (await manila.act(path, "allow_access", rule)).ok()
    (kept,) = (await manila.get(f"/share-access-rules?share_id={share['id']}"))["access_list"]
    assert (kept["state"], kept["access_level"]) == ("active", "ro")
    again = {**rule, "access_to": "192.0.2.7/32"}
    refused = await manila.refused("POST", f"{path}/action", {"allow_access": again})
    assert refused == (400, "Share access ip:192.0.2.7/32 exists.")


async def test_a_share_grows_shrinks_and_goes_back_to_its_snapshot(demo: User) -> None:
    manila = Manila(demo)
    share = await manila.share()
    path = f"/shares/{share['id']}"
    (await manila.act(path, "extend", {"new_size": 3})).ok()
    snapshot = await manila.make("/snapshots", "snapshot", share_id=share["id"])
    (await manila.act(path, "revert", {"snapshot_id": snapshot["id"]})).ok()
    assert (await manila.get(path))["share"]["size"] == 3
    status, said = await manila.refused("DELETE", path)
    assert (status, said) == (403, "Invalid share: Share still has 1 dependent snapshots.")
    (await manila.send("DELETE", f"/snapshots/{snapshot['id']}")).ok()
    (await manila.act(path, "shrink", {"new_size": 1})).ok()
    used = (await manila.get("/limits"))["limits"]["absolute"]
    assert (used["totalShareGigabytesUsed"], used["totalShareSnapshotsUsed"]) == (1, 0)
    (await manila.send("DELETE", path)).ok()
    assert (await manila.send("GET", path)).status == 404
    assert (await manila.get("/limits"))["limits"]["absolute"]["totalSharesUsed"] == 0


async def test_a_share_without_a_back_end_is_in_error_and_says_why(demo: User, admin: User) -> None:
    specs = {"driver_handles_share_servers": "False", "vendor_name": "nobody"}
    await Manila(admin).make("/types", "share_type", name="elsewhere", extra_specs=specs)
    manila = Manila(demo)
    share = await manila.share(share_type="elsewhere")
    assert share["status"] == "error"
    (message,) = (await manila.get(f"/messages?resource_id={share['id']}"))["messages"]
    assert message["user_message"].startswith("allocate host: No storage could be allocated")


async def test_another_project_knows_a_public_share_and_changes_nothing(demo: User, admin: User) -> None:
    share = await Manila(admin).share(is_public=True)
    manila, path = Manila(demo), f"/shares/{share['id']}"
    assert (await manila.get(path))["share"]["id"] == share["id"]
    for verb, body in (("DELETE", None), ("PUT", {"share": {"display_name": "mine"}})):
        assert (await manila.refused(verb, path, body))[0] == 403
    assert (await manila.refused("POST", f"{path}/metadata", {"metadata": {"a": "b"}}))[0] == 403
    private = await Manila(admin).share()
    assert (await manila.send("GET", f"/shares/{private['id']}")).status == 404


async def test_older_clients_say_actions_by_their_old_names(demo: User) -> None:
    share = await Manila(demo).share()
    path = f"/shares/{share['id']}"
    assert (await Manila(demo, "2.6").act(path, "os-extend", {"new_size": 2})).status == 202
    assert (await Manila(demo, "2.6").act(path, "extend", {"new_size": 3})).status == 404
    assert (await Manila(demo).act(path, "os-extend", {"new_size": 3})).status == 404

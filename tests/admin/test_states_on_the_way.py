"""The states that a poller sees in a realistic cloud, and in which one can stand in a manual one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.admin.behaviour_driver import BOOT, Driver, second_of
from tests.compute.stage import SERVERS, act, boot, show

RESIZE = [f"RESIZE/resize_{task}" for task in ("prep", "migrating", "migrated", "finish")]
SNAPSHOT = [
    f"ACTIVE/image_{task}/{image}"
    for task, image in (
        ("snapshot_pending", "queued"),
        ("snapshot", "queued"),
        ("pending_upload", "queued"),
        ("uploading", "saving"),
    )
]
SHELVE = [
    "ACTIVE/shelving",
    "ACTIVE/shelving_image_pending_upload",
    "ACTIVE/shelving_image_uploading",
    "SHELVED/shelving_offloading",
]
REBUILD = [f"REBUILD/{task}" for task in ("rebuilding", "rebuild_block_device_mapping", "rebuild_spawning")]


@pytest.mark.parametrize("profile", ["realistic", "manual"])
@pytest.mark.parametrize(
    ("action", "states", "end"),
    [
        ({"resize": {"flavorRef": "1"}}, RESIZE, "VERIFY_RESIZE/-"),
        ({"shelve": None}, SHELVE, "SHELVED_OFFLOADED/-"),
        ({"rebuild": "image"}, REBUILD, "ACTIVE/-"),
        ({"reboot": {"type": "SOFT"}}, [f"REBOOT/reboot{at}" for at in ("ing", "_pending", "_started")], "ACTIVE/-"),
        (
            {"reboot": {"type": "HARD"}},
            [f"HARD_REBOOT/reboot{at}_hard" for at in ("ing", "_pending", "_started")],
            "ACTIVE/-",
        ),
        ({"os-stop": None}, ["ACTIVE/powering-off"], "SHUTOFF/-"),
        ({"pause": None}, ["ACTIVE/pausing"], "PAUSED/-"),
    ],
)
async def test_actions_of_servers(
    profile: str, action: dict[str, Any], states: list[str], end: str, driver: Driver
) -> None:
    """A poller sees the states of nova.compute.task_states in the order of the compute manager, and the end."""
    id = await boot(driver.demo)
    if action == {"rebuild": "image"}:
        action = {"rebuild": {"imageRef": (await show(driver.demo, id))["image"]["id"]}}
    await driver.profile(profile)
    (await act(driver.demo, id, action)).ok()
    assert await driver.seen(profile, "server", id, end) == [*states, end]


@pytest.mark.parametrize("profile", ["realistic", "manual"])
async def test_boot_and_delete(profile: str, driver: Driver) -> None:
    await driver.profile(profile)
    id = await driver.new_server()
    assert await driver.seen(profile, "server", id, "ACTIVE/-") == [*BOOT, "ACTIVE/-"]
    (await driver.demo.delete("compute", f"{SERVERS}/{id}")).ok(204)
    assert await driver.seen(profile, "server", id, "GONE") == ["ACTIVE/deleting", "GONE"]


@pytest.mark.parametrize("profile", ["realistic", "manual"])
async def test_snapshot(profile: str, driver: Driver) -> None:
    """The image is being saved while it is uploaded."""
    id = await boot(driver.demo)
    await driver.profile(profile)
    image = (await act(driver.demo, id, {"createImage": {"name": "i"}})).ok(202)["image_id"]
    end = "ACTIVE/-/active"
    assert await driver.seen(profile, "server", id, end, image) == [*SNAPSHOT, end]


@pytest.mark.parametrize("profile", ["realistic", "manual"])
async def test_attach_and_detach(profile: str, driver: Driver) -> None:
    """reserved, attaching, in-use; detaching, available: as Cinder's statuses and Nova's log tell it."""
    server, volume = await boot(driver.demo), await driver.new_volume()
    await driver.volume(volume)
    await driver.profile(profile)
    await driver.attach(server, volume)
    assert (await driver.log(server, "attach_volume"))["events"][0]["result"] is None
    assert await driver.seen(profile, "volume", volume, "in-use") == ["reserved", "attaching", "in-use"]
    assert (await driver.log(server, "attach_volume"))["events"][0]["result"] == "Success"
    shown = (await driver.demo.get("volume", f"/v3/{driver.demo.project_id}/volumes/{volume}")).ok()["volume"]
    assert [item["server_id"] for item in shown["attachments"]] == [server]
    await driver.detach(server, volume)
    held = f"{SERVERS}/{server}/os-volume_attachments"
    assert len((await driver.demo.get("compute", held)).ok()["volumeAttachments"]) == 1
    (await driver.demo.delete("compute", f"{held}/{volume}")).refused(400)
    assert await driver.seen(profile, "volume", volume, "available") == ["detaching", "available"]
    assert (await driver.demo.get("compute", held)).ok()["volumeAttachments"] == []
    assert (await driver.log(server, "detach_volume"))["events"][0]["result"] == "Success"


async def test_volumes_of_a_boot(driver: Driver) -> None:
    """They are reserved at once, and attached while the devices are mapped."""
    volume = await driver.new_volume()
    await driver.volume(volume)
    await driver.profile("manual")
    mapping = {"source_type": "volume", "destination_type": "volume", "uuid": volume, "boot_index": -1}
    image = (await driver.demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    root = {"source_type": "image", "destination_type": "local", "uuid": image, "boot_index": 0}
    id = await driver.new_server(block_device_mapping_v2=[root, mapping])

    async def look() -> str:
        return f"{await driver.server(id)} {await driver.volume(volume)}"

    statuses = ("reserved", "reserved", "attaching", "in-use")
    expected = [f"{state} {status}" for state, status in zip(BOOT, statuses, strict=True)]
    assert await driver.stepped("server", id, look) == [*expected, "ACTIVE/- in-use"]


@pytest.mark.parametrize(
    ("action", "state", "end"),
    [
        ({"os-extend": {"new_size": 2}}, "extending", "available"),
        ({"os-retype": {"new_type": "lvmdriver-1", "migration_policy": "never"}}, "retyping", "available"),
        ({"os-volume_upload_image": {"image_name": "i"}}, "uploading", "available"),
        ("backup", "backing-up", "available"),
        ("delete", "deleting", "GONE"),
    ],
)
async def test_actions_of_volumes(action: Any, state: str, end: str, driver: Driver) -> None:
    demo, path = driver.demo, f"/v3/{driver.demo.project_id}"
    types = (await driver.admin.get("volume", f"/v3/{driver.admin.project_id}/types")).ok()["volume_types"]
    id = await driver.new_volume(volume_type=types[0]["name"])
    await driver.volume(id)
    await driver.profile("realistic")
    if action == "backup":
        (await demo.post("volume", f"{path}/backups", {"backup": {"volume_id": id}})).ok(202)
    elif action == "delete":
        (await demo.delete("volume", f"{path}/volumes/{id}")).ok(202)
    else:
        if "os-retype" in action:
            other = {"volume_type": {"name": "other", "os-volume-type-access:is_public": True}}
            (await driver.admin.post("volume", f"/v3/{driver.admin.project_id}/types", other)).ok(200)
            action = {"os-retype": {"new_type": "other", "migration_policy": "never"}}
        (await demo.post("volume", f"{path}/volumes/{id}/action", action)).ok(202)
    assert await driver.polled(lambda: driver.volume(id), end) == [state, end]


async def test_a_volume_from_an_image_is_downloaded(driver: Driver) -> None:
    await driver.profile("realistic")
    image = (await driver.demo.get("image", "/v2/images")).ok()["images"][0]["id"]
    id = await driver.new_volume(imageRef=image)
    seen = await driver.polled(lambda: driver.volume(id), "available")
    assert seen == ["creating", "downloading", "available"]


# -- instance actions


async def test_events_have_the_times_of_the_transition(driver: Driver) -> None:
    """Each begins with its state and ends with it, whenever the poller comes."""
    id = await boot(driver.demo)
    await driver.stop_clock()
    await driver.profile("realistic")
    (await act(driver.demo, id, {"resize": {"flavorRef": "1"}})).ok(202)
    first = await driver.log(id, "resize")
    assert [(one["event"], one["result"]) for one in first["events"]] == [
        ("cold_migrate", "Success"),
        ("compute_prep_resize", None),
    ]
    await driver.advance(600)
    assert await driver.server(id) == "VERIFY_RESIZE/-"
    entry = await driver.log(id, "resize")

    began = second_of(entry["start_time"])
    spans = [
        (one["event"], second_of(one["start_time"]) - began, second_of(one["finish_time"]) - began)
        for one in entry["events"]
    ]
    assert [name for name, *_ in spans] == [
        "cold_migrate",
        "compute_prep_resize",
        "compute_resize_instance",
        "compute_finish_resize",
    ]
    assert {one["result"] for one in entry["events"]} == {"Success"}
    # Five seconds in all, whose parts are 1, 1.5, 0.5 and 2; the column holds whole seconds.
    for (_, start, end), (wanted_start, wanted_end) in zip(spans[1:], ((0, 1), (1, 3), (3, 5)), strict=True):
        assert abs(start - wanted_start) <= 1
        assert abs(end - wanted_end) <= 1


async def test_an_attach_is_told_while_another_action_ends(driver: Driver) -> None:
    """What ends a stop does not end the attach that is under way beside it."""
    server, volume = await boot(driver.demo), await driver.new_volume()
    await driver.volume(volume)
    await driver.profile("manual")
    await driver.attach(server, volume)
    (await act(driver.demo, server, {"os-stop": None})).ok(202)
    assert await driver.complete("server", server) is None
    assert (await driver.log(server, "stop"))["events"][0]["result"] == "Success"
    assert (await driver.log(server, "attach_volume"))["events"][0]["result"] is None
    await driver.complete("volume", volume, whole=True)
    assert (await driver.log(server, "attach_volume"))["events"][0]["result"] == "Success"


async def test_a_server_goes_while_its_volume_is_on_the_way(driver: Driver) -> None:
    """The volume is free again, and nothing is left under way."""
    server, volume = await boot(driver.demo), await driver.new_volume()
    await driver.volume(volume)
    await driver.profile("manual")
    await driver.attach(server, volume)
    (await driver.demo.delete("compute", f"{SERVERS}/{server}")).ok(204)
    await driver.complete("server", server)
    assert await driver.volume(volume) == "available"
    assert await driver.transitions() == []

"""Metadata of volumes and snapshots."""

from __future__ import annotations

from typing import Any


async def test_metadata_of_a_volume(volumes: Any) -> None:
    volume = await volumes.make(metadata={"a": "b"})
    path = f"/volumes/{volume['id']}/metadata"
    assert (await volumes.get(path)).ok(200) == {"metadata": {"a": "b"}}
    assert (await volumes.post(path, {"metadata": {"c": "d"}})).ok(200) == {"metadata": {"a": "b", "c": "d"}}
    assert (await volumes.get(f"{path}/c")).ok(200) == {"meta": {"c": "d"}}
    assert (await volumes.put(f"{path}/c", {"meta": {"c": "e"}})).ok(200) == {"meta": {"c": "e"}}
    (await volumes.put(f"{path}/c", {"meta": {"z": "e"}})).refused(400, "Request body and URI mismatch")
    assert (await volumes.put(path, {"metadata": {"q": "1"}})).ok(200) == {"metadata": {"q": "1"}}
    (await volumes.put(path, {"metadata": {"q": 1}})).refused(400, "1 is not of type 'string'")
    (await volumes.delete(f"{path}/q")).ok(200)
    (await volumes.get(f"{path}/q")).refused(404, f"Volume {volume['id']} has no metadata with key q.")
    assert (await volumes.show(volume["id"]))["metadata"] == {}


async def test_the_services_own_metadata_is_shown_and_not_listed(volumes: Any) -> None:
    volume = await volumes.make(metadata={"a": "b"})
    (await volumes.act(volume["id"], "os-update_readonly_flag", {"readonly": True})).ok(202)
    assert (await volumes.show(volume["id"]))["metadata"] == {"a": "b", "readonly": "True"}
    assert (await volumes.get(f"/volumes/{volume['id']}/metadata")).ok(200) == {"metadata": {"a": "b"}}
    await volumes.put(f"/volumes/{volume['id']}/metadata", {"metadata": {}})
    assert (await volumes.show(volume["id"]))["metadata"] == {"readonly": "True"}


async def test_metadata_of_a_snapshot(volumes: Any) -> None:
    volume = await volumes.make()
    snapshot = await volumes.snapshot(volume["id"], metadata={"a": "b"})
    path = f"/snapshots/{snapshot['id']}/metadata"
    assert (await volumes.post(path, {"metadata": {"c": "d"}})).ok(200) == {"metadata": {"a": "b", "c": "d"}}
    assert (await volumes.put(path, {"metadata": {"e": "f"}})).ok(200) == {"metadata": {"e": "f"}}
    (await volumes.delete(f"{path}/e")).ok(200)
    (await volumes.delete(f"{path}/e")).refused(404, f"Snapshot {snapshot['id']} has no metadata with key e.")

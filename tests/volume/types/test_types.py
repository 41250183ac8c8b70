"""Volume types, extra specs, access, default types, QoS specs."""

from __future__ import annotations

from typing import Any

NOBODY = "00000000-0000-0000-0000-00000000dead"


async def make(admin_volumes: Any, name: str = "t", **body: Any) -> Any:
    return (await admin_volumes.post("/types", {"volume_type": {"name": name, **body}})).ok(200)["volume_type"]


async def test_seeded_types(volumes: Any, admin_volumes: Any) -> None:
    names = [item["name"] for item in (await volumes.get("/types")).ok(200)["volume_types"]]
    assert sorted(names) == ["__DEFAULT__", "lvmdriver-1"]
    default = (await volumes.get("/types/default")).ok(200)["volume_type"]
    assert default["name"] == "lvmdriver-1"
    assert default["extra_specs"] == {}  # the back end's name is no business of a member
    assert default.keys() == {"id", "name", "is_public", "description", "extra_specs"}
    shown = (await admin_volumes.get(f"/types/{default['id']}")).ok(200)["volume_type"]
    assert shown["extra_specs"] == {"volume_backend_name": "lvmdriver-1"}
    assert shown["qos_specs_id"] is None


async def test_create_update_delete(volumes: Any, admin_volumes: Any) -> None:
    made = await make(admin_volumes, extra_specs={"a": "b"})
    id = made["id"]
    assert made == {
        "id": id,
        "name": "t",
        "is_public": True,
        "extra_specs": {"a": "b"},
        "description": None,
        "os-volume-type-access:is_public": True,
    }
    (await admin_volumes.post("/types", {"volume_type": {"name": "t"}})).refused(409, "Volume Type t already exists.")
    (await volumes.post("/types", {"volume_type": {"name": "u"}})).refused(403, "volume_extension:type_create")
    body = {"volume_type": {"name": "renamed", "description": "d"}}
    updated = (await admin_volumes.put(f"/types/{id}", body)).ok(200)["volume_type"]
    assert (updated["name"], updated["description"]) == ("renamed", "d")
    (await admin_volumes.put(f"/types/{id}", {"volume_type": {}})).refused(400, "Specify volume type name, description")
    volume = await volumes.make(volume_type="renamed")
    (await admin_volumes.delete(f"/types/{id}")).refused(400, "Target volume type is still in use.")
    await admin_volumes.put(f"/types/{id}", {"volume_type": {"name": "again"}})
    assert (await volumes.show(volume["id"]))["volume_type"] == "again"
    await volumes.delete(f"/volumes/{volume['id']}")
    (await admin_volumes.delete(f"/types/{id}")).ok(202)
    (await admin_volumes.get(f"/types/{id}")).refused(404, f"Volume type {id} could not be found.")
    default = (await volumes.get("/types/default")).ok(200)["volume_type"]["id"]
    (await admin_volumes.delete(f"/types/{default}")).refused(400, "is a default volume type and cannot be deleted.")


async def test_private_types(volumes: Any, admin_volumes: Any, demo: Any) -> None:
    body = {"volume_type": {"name": "t", "os-volume-type-access:is_public": False}}
    id = (await admin_volumes.post("/types", body)).ok(200)["volume_type"]["id"]
    (await volumes.get(f"/types/{id}")).refused(404, f"Volume type {id} could not be found.")
    action = {"addProjectAccess": {"project": demo.project_id}}
    (await admin_volumes.post(f"/types/{id}/action", action)).ok(202)
    (await admin_volumes.post(f"/types/{id}/action", action)).refused(409, "combination already exists.")
    access = (await admin_volumes.get(f"/types/{id}/os-volume-type-access")).ok(200)
    assert access == {"volume_type_access": [{"volume_type_id": id, "project_id": demo.project_id}]}
    assert (await volumes.make(volume_type="t"))["volume_type"] == "t"
    assert "t" in [item["name"] for item in (await volumes.get("/types")).ok(200)["volume_types"]]
    everything = (await admin_volumes.get("/types?is_public=None")).ok(200)["volume_types"]
    assert len(everything) == 3
    assert len((await admin_volumes.get("/types")).ok(200)["volume_types"]) == 2
    remove = {"removeProjectAccess": {"project": demo.project_id}}
    (await admin_volumes.post(f"/types/{id}/action", remove)).ok(202)
    (await admin_volumes.post(f"/types/{id}/action", remove)).refused(404, "Volume type access not found for")
    public = (await volumes.get("/types/default")).ok(200)["volume_type"]["id"]
    (await admin_volumes.get(f"/types/{public}/os-volume-type-access")).refused(404, "Access list not available")
    (await admin_volumes.post(f"/types/{public}/action", action)).refused(400, "not applicable to public volume type.")


async def test_extra_specs(admin_volumes: Any) -> None:
    id = (await make(admin_volumes))["id"]
    path = f"/types/{id}/extra_specs"
    body = {"extra_specs": {"k": "v"}}
    assert (await admin_volumes.post(path, body)).ok(200) == body
    assert (await admin_volumes.put(f"{path}/k", {"k": "w"})).ok(200) == {"k": "w"}
    (await admin_volumes.put(f"{path}/k", {"z": "w"})).refused(400, "Request body and URI mismatch")
    assert (await admin_volumes.get(f"{path}/k")).ok(200) == {"k": "w"}
    bad = {"extra_specs": {"k$": "v"}}
    (await admin_volumes.post(path, bad)).refused(400, "'k$' does not match any of the regexes")
    (await admin_volumes.delete(f"{path}/k")).ok(202)
    missing = f"Volume Type {id} has no extra specs with key k."
    (await admin_volumes.delete(f"{path}/k")).refused(404, missing)
    assert (await admin_volumes.get(path)).ok(200) == {"extra_specs": {}}


async def test_a_multiattach_type_makes_multiattach_volumes(volumes: Any, admin_volumes: Any) -> None:
    await make(admin_volumes, "multi", extra_specs={"multiattach": "<is> True"})
    volume = await volumes.make(volume_type="multi")
    assert volume["multiattach"] is True
    for host in ("a", "b"):
        (await volumes.act(volume["id"], "os-attach", {"host_name": host, "mountpoint": "/dev/vdb"})).ok(202)
    assert len((await volumes.show(volume["id"]))["attachments"]) == 2
    (await volumes.act(volume["id"], "os-detach", {})).refused(400, "More than one attachment")


async def test_default_types_of_projects(volumes: Any, admin_volumes: Any, demo: Any) -> None:
    path = f"/default-types/{demo.project_id}"
    (await volumes.get("/default-types", "3.62")).refused(403, "You are not authorized to perform this operation.")
    (await admin_volumes.get("/default-types", "3.61")).refused(404)
    body = {"default_type": {"volume_type": "__DEFAULT__"}}
    made = (await admin_volumes.put(path, body, "3.62")).ok(200)["default_type"]
    assert made["project_id"] == demo.project_id
    assert (await volumes.make())["volume_type"] == "__DEFAULT__"
    (await admin_volumes.delete(f"/types/{made['volume_type_id']}")).refused(400, "is a default volume type")
    (await admin_volumes.delete(path, "3.62")).ok(204)
    (await admin_volumes.get(path, "3.62")).refused(404, f"Default type for project {demo.project_id} not found.")


async def test_the_project_may_stand_in_the_paths_of_default_types(admin_volumes: Any, admin: Any, demo: Any) -> None:
    path = f"/{admin.project_id}/default-types/{demo.project_id}"
    body = {"default_type": {"volume_type": "__DEFAULT__"}}
    made = (await admin_volumes.put(path, body, "3.67")).ok(200)
    assert (await admin_volumes.get(path, "3.67")).ok(200) == made
    listed = (await admin_volumes.get(f"/{admin.project_id}/default-types", "3.67")).ok(200)
    assert listed == {"default_types": [made["default_type"]]}
    (await admin_volumes.get(f"/{demo.project_id}/default-types", "3.67")).refused(400, "Malformed request url")
    (await admin_volumes.delete(path, "3.67")).ok(204)


async def test_qos_specs(volumes: Any, admin_volumes: Any) -> None:
    (await volumes.get("/qos-specs")).refused(403, "volume_extension:qos_specs_manage:get_all")
    body = {"qos_specs": {"name": "q", "consumer": "front-end", "read_iops_sec": "2"}}
    made = (await admin_volumes.post("/qos-specs", body)).ok(200)
    id = made["qos_specs"]["id"]
    assert made["qos_specs"] == {"id": id, "name": "q", "consumer": "front-end", "specs": {"read_iops_sec": "2"}}
    assert made["links"][0]["href"].endswith(f"/v3/qos-specs/{id}")
    assert (await admin_volumes.get(f"/qos-specs/{id}")).ok(200) == made
    change = {"qos_specs": {"consumer": "back-end", "x": "y"}}
    assert (await admin_volumes.put(f"/qos-specs/{id}", change)).ok(200) == change
    (await admin_volumes.put(f"/qos-specs/{id}/delete_keys", {"keys": ["x"]})).ok(202)
    missing = f"QoS spec {id} has no spec with key x."
    (await admin_volumes.put(f"/qos-specs/{id}/delete_keys", {"keys": ["x"]})).refused(404, missing)
    type_id = (await make(admin_volumes))["id"]
    (await admin_volumes.get(f"/qos-specs/{id}/associate?vol_type_id={NOBODY}")).refused(404)
    (await admin_volumes.get(f"/qos-specs/{id}/associate?vol_type_id={type_id}")).ok(202)
    associations = (await admin_volumes.get(f"/qos-specs/{id}/associations")).ok(200)
    assert associations == {"qos_associations": [{"association_type": "volume_type", "name": "t", "id": type_id}]}
    assert (await admin_volumes.get(f"/types/{type_id}")).ok(200)["volume_type"]["qos_specs_id"] == id
    (await admin_volumes.delete(f"/qos-specs/{id}")).refused(400, "Qos specs still in use.")
    (await admin_volumes.get(f"/qos-specs/{id}/disassociate_all")).ok(202)
    (await admin_volumes.delete(f"/qos-specs/{id}")).ok(202)
    (await admin_volumes.get(f"/qos-specs/{id}")).refused(404, f"No such QoS spec {id}.")


async def test_encryption(volumes: Any, admin_volumes: Any) -> None:
    type_id = (await make(admin_volumes))["id"]
    path = f"/types/{type_id}/encryption"
    assert (await admin_volumes.get(path)).ok(200) == {}
    (await volumes.get(path)).refused(403, "volume_extension:volume_type_encryption:get")
    specs = {"provider": "luks", "control_location": "front-end", "cipher": "aes-xts-plain64", "key_size": 256}
    made = (await admin_volumes.post(path, {"encryption": specs})).ok(200)["encryption"]
    id = made["encryption_id"]
    assert made == {**specs, "volume_type_id": type_id, "encryption_id": id}
    exists = f"Volume type encryption for type {type_id} already exists."
    (await admin_volumes.post(path, {"encryption": specs})).refused(400, exists)
    shown = (await admin_volumes.get(path)).ok(200)
    assert shown.pop("created_at")
    assert shown == {**made, "updated_at": None, "deleted": False, "deleted_at": None}
    assert (await admin_volumes.get(f"{path}/cipher")).ok(200) == {"cipher": "aes-xts-plain64"}
    change = {"encryption": {"key_size": 128}}
    assert (await admin_volumes.put(f"{path}/{id}", change)).ok(200) == change
    volume = await volumes.make(volume_type="t")
    assert volume["encrypted"] is True
    shown = (await volumes.get(f"/volumes/{volume['id']}/encryption")).ok(200)
    assert (shown["provider"], shown["key_size"]) == ("luks", 128)
    (await admin_volumes.delete(f"{path}/{id}")).refused(400, "Cannot delete encryption specs. Volume type in use.")
    await volumes.delete(f"/volumes/{volume['id']}")
    (await admin_volumes.delete(f"{path}/{id}")).ok(202)
    missing = f"Volume type encryption for type {type_id} does not exist."
    (await admin_volumes.delete(f"{path}/{id}")).refused(404, missing)
    plain = await volumes.make()
    assert (await volumes.get(f"/volumes/{plain['id']}/encryption")).ok(200) == {"encryption_key_id": None}


async def test_an_admin_filters_types_by_any_column(volumes: Any, admin_volumes: Any) -> None:
    body = {"volume_type": {"name": "gold", "description": "fast"}}
    made = (await admin_volumes.post("/types", body)).ok(200)["volume_type"]
    for query in ("name=gold", "name=GOLD", "description=fast", f"id={made['id']}"):
        found = (await admin_volumes.get(f"/types?{query}")).ok(200)["volume_types"]
        assert [item["id"] for item in found] == [made["id"]], query
    assert (await admin_volumes.get("/types?foo=bar")).ok(200)["volume_types"] == []
    assert len((await volumes.get("/types?name=gold")).ok(200)["volume_types"]) == 3


async def test_of_an_encryptions_path_only_the_type_is_read(admin_volumes: Any) -> None:
    type_id = (await admin_volumes.post("/types", {"volume_type": {"name": "luks"}})).ok(200)["volume_type"]["id"]
    body = {"encryption": {"provider": "luks", "control_location": "front-end"}}
    (await admin_volumes.post(f"/types/{type_id}/encryption", body)).ok(200)
    update = {"encryption": {"cipher": "aes-xts-plain64"}}
    assert (await admin_volumes.put(f"/types/{type_id}/encryption/provider", update)).ok(200) == update
    shown = (await admin_volumes.get(f"/types/{type_id}/encryption")).ok(200)
    assert shown["cipher"] == "aes-xts-plain64"

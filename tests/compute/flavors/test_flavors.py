"""Flavors, their extra specs and access."""

from __future__ import annotations

from typing import Any

import pytest

FLAVOR = {"name": "f", "ram": 64, "disk": 1, "vcpus": 1}


async def make(admin: Any, **other: Any) -> Any:
    flavor = (await admin.post("compute", "/v2.1/flavors", {"flavor": {**FLAVOR, **other}})).ok(200)
    return flavor["flavor"]


async def test_a_new_flavor_is_shown_as_nova_shows_it(admin: Any) -> None:
    flavor = await make(admin, id="f-1")
    links = flavor.pop("links")
    assert flavor == {
        "id": "f-1",
        "name": "f",
        "ram": 64,
        "disk": 1,
        "swap": "",
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "vcpus": 1,
        "os-flavor-access:is_public": True,
        "rxtx_factor": 1.0,
    }
    assert [link["rel"] for link in links] == ["self", "bookmark"]
    assert links[0]["href"].endswith("/compute/v2.1/flavors/f-1")
    assert links[1]["href"].endswith("/compute/flavors/f-1")


@pytest.mark.parametrize(
    ("microversion", "has", "swap"),
    [
        ("2.54", set(), ""),
        ("2.55", {"description"}, ""),
        ("2.61", {"description", "extra_specs"}, ""),
        ("2.75", {"description", "extra_specs"}, 0),
    ],
)
async def test_microversions_add_keys(admin: Any, at: Any, microversion: str, has: set[str], swap: Any) -> None:
    await make(admin, id="f-1")
    shown = (await admin.get("compute", "/v2.1/flavors/f-1", **at(microversion))).ok(200)["flavor"]
    assert {"description", "extra_specs"} & shown.keys() == has
    assert shown["swap"] == swap


async def test_rxtx_factor_and_disabled_end_with_2_102(admin: Any, at: Any) -> None:
    await make(admin, id="f-1")
    shown = (await admin.get("compute", "/v2.1/flavors/f-1", **at("2.102"))).ok(200)["flavor"]
    assert not {"rxtx_factor", "OS-FLV-DISABLED:disabled"} & shown.keys()


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"ram": 0}, 400, "Invalid input for field/attribute ram. Value: 0. 0 is less than the minimum of 1"),
        ({"disk": -1}, 400, "Invalid input for field/attribute disk. Value: -1. -1 is less than the minimum of 0"),
        ({"name": ""}, 400, "Invalid input for field/attribute name. Value: . '' should be non-empty"),
        ({"rxtx_factor": 0}, 400, "Value: 0. 0 is less than or equal to the minimum of 0"),
        ({"swap": ""}, 400, "Invalid input for field/attribute swap. Value: . '' does not match '^[0-9]+$'"),
        ({"id": " a "}, 400, "' a ' does not match '^(?! )[a-zA-Z0-9. _-]+(?<! )$'"),
        ({"description": "d"}, 400, "Additional properties are not allowed ('description' was unexpected)"),
        ({"id": "1"}, 409, "Flavor with ID 1 already exists."),
        ({"name": "m1.tiny"}, 409, "Flavor with name m1.tiny already exists."),
    ],
)
async def test_bad_flavors_are_refused(admin: Any, change: dict[str, Any], status: int, text: str) -> None:
    reply = await admin.post("compute", "/v2.1/flavors", {"flavor": {**FLAVOR, **change}})
    body = reply.refused(status)
    name = {400: "badRequest", 409: "conflictingRequest"}[status]
    assert text in body[name]["message"]
    assert body[name]["code"] == status


async def test_is_public_may_be_text_and_id_null(admin: Any) -> None:
    flavor = await make(admin, **{"os-flavor-access:is_public": "False", "id": None})
    assert flavor["os-flavor-access:is_public"] is False
    assert len(flavor["id"]) == 36


async def test_lists_filter_sort_and_page(admin: Any, demo: Any) -> None:
    await make(admin, **{"os-flavor-access:is_public": False, "id": "private"})

    async def ids(user: Any, query: str) -> list[str]:
        found = (await user.get("compute", f"/v2.1/flavors/detail{query}")).ok(200)["flavors"]
        return [flavor["id"] for flavor in found]

    public = ["1", "2", "3", "4", "42", "5", "84", "98", "99"]
    assert await ids(demo, "") == public
    assert await ids(demo, "?is_public=false") == public
    assert await ids(admin, "") == public
    assert await ids(admin, "?is_public=none") == [*public, "private"]
    assert await ids(admin, "?is_public=false") == ["private"]
    assert await ids(demo, "?minDisk=80") == ["4", "5"]
    assert await ids(demo, "?minRam=8192") == ["4", "5"]
    assert (await ids(demo, "?sort_key=memory_mb"))[:2] == ["42", "84"]
    assert (await ids(demo, "?sort_key=memory_mb&sort_dir=desc"))[:2] == ["5", "4"]
    page = (await demo.get("compute", "/v2.1/flavors?limit=2&marker=2")).ok(200)
    assert [flavor["id"] for flavor in page["flavors"]] == ["3", "4"]
    assert page["flavors_links"][0]["href"].endswith("/v2.1/flavors?limit=2&marker=4")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("marker=nope", "marker [nope] not found"),
        ("minRam=abc", "Invalid minRam filter [abc]"),
        (
            "sort_key=bogus",
            "Invalid input for query parameters sort_key. Value: bogus. 'bogus' is not one of ['created_at'",
        ),
        ("limit=-1", "Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'"),
    ],
)
async def test_bad_queries_are_refused(demo: Any, query: str, text: str) -> None:
    assert text in (await demo.get("compute", f"/v2.1/flavors/detail?{query}")).refused(400)["badRequest"]["message"]


async def test_unknown_flavors_and_members(admin: Any, demo: Any, at: Any) -> None:
    (await admin.get("compute", "/v2.1/flavors/nope")).refused(404, "Flavor nope could not be found.")
    (await demo.delete("compute", "/v2.1/flavors/1")).refused(
        403, "Policy doesn't allow os_compute_api:os-flavor-manage:delete to be performed."
    )
    update = {"flavor": {"description": "x"}}
    (await admin.put("compute", "/v2.1/flavors/1", update)).refused(404, "The resource could not be found.")
    shown = (await admin.put("compute", "/v2.1/flavors/1", update, **at("2.55"))).ok(200)["flavor"]
    assert shown["description"] == "x"
    (await admin.delete("compute", "/v2.1/flavors/1")).ok(202)
    (await admin.delete("compute", "/v2.1/flavors/1")).refused(404)
    # Its name is free again.
    await make(admin, name="m1.tiny")


async def test_extra_specs(admin: Any, demo: Any, at: Any) -> None:
    path = "/v2.1/flavors/1/os-extra_specs"
    body = {"extra_specs": {"a:b": "1", "n": 2}}
    assert (await admin.post("compute", path, body)).ok(200) == body
    assert (await demo.get("compute", path)).ok(200) == {"extra_specs": {"a:b": "1", "n": "2"}}
    assert (await demo.get("compute", f"{path}/a:b")).ok(200) == {"a:b": "1"}
    assert (await admin.put("compute", f"{path}/a:b", {"a:b": "2"})).ok(200) == {"a:b": "2"}
    (await admin.put("compute", f"{path}/a:b", {"c": "2"})).refused(400, "Request body and URI mismatch")
    (await admin.delete("compute", f"{path}/zz")).refused(404, "Flavor 1 has no extra specs with key zz.")
    (await admin.delete("compute", f"{path}/a:b")).ok(200)
    assert (await demo.get("compute", "/v2.1/flavors/1", **at("2.61"))).ok()["flavor"]["extra_specs"] == {"n": "2"}
    (await admin.post("compute", path, {"extra_specs": {"a$": "1"}})).refused(
        400, "'a$' does not match any of the regexes: '^[a-zA-Z0-9-_:. ]{1,255}$'"
    )
    (await admin.post("compute", path, {"extra_specs": {"a": [1]}})).refused(
        400, "[1] is not of type 'string', 'number'"
    )


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"hw:cpu_policy": "bogus"}, "Validation failed; 'bogus' is not one of: dedicated, shared, mixed."),
        ({"hw:bogus": "1"}, "Validation failed; extra spec 'hw:bogus' does not appear to be a valid extra spec."),
        ({"hw:numa_nodes": "0"}, "Validation failed; '0' is less than the min value of '1'."),
    ],
)
async def test_known_extra_specs_are_checked_since_2_86(admin: Any, at: Any, spec: dict[str, str], text: str) -> None:
    body = {"extra_specs": spec}
    assert (await admin.post("compute", "/v2.1/flavors/1/os-extra_specs", body)).ok(200) == body
    reply = await admin.post("compute", "/v2.1/flavors/1/os-extra_specs", body, **at("2.86"))
    assert reply.refused(400)["badRequest"]["message"] == text


async def test_access_to_a_private_flavor(admin: Any, demo: Any, at: Any) -> None:
    await make(admin, **{"os-flavor-access:is_public": False, "id": "private"})
    path = "/v2.1/flavors/private"
    (await demo.get("compute", path)).refused(404, "Flavor private could not be found.")
    assert (await admin.get("compute", f"{path}/os-flavor-access")).ok(200) == {"flavor_access": []}
    add = {"addTenantAccess": {"tenant": demo.project_id}}
    entry = {"flavor_id": "private", "tenant_id": demo.project_id}
    assert (await admin.post("compute", f"{path}/action", add)).ok(200) == {"flavor_access": [entry]}
    (await demo.get("compute", path)).ok(200)
    (await admin.post("compute", f"{path}/action", add)).refused(409, f"and project {demo.project_id} combination.")
    remove = {"removeTenantAccess": {"tenant": demo.project_id}}
    assert (await admin.post("compute", f"{path}/action", remove)).ok(200) == {"flavor_access": []}
    (await admin.post("compute", f"{path}/action", remove)).refused(404, "Flavor access not found for")
    (await admin.get("compute", "/v2.1/flavors/1/os-flavor-access")).refused(
        404, "Access list not available for public flavors."
    )
    (await admin.post("compute", "/v2.1/flavors/1/action", add, **at("2.7"))).refused(
        409, "Can not add access to a public flavor."
    )
    reply = await admin.post("compute", "/v2.1/flavors/1/action", {"foo": None})
    assert reply.refused(400) == {"badRequest": {"code": 400, "message": "There is no such action: foo"}}


async def test_access_needs_a_real_project(admin: Any) -> None:
    reply = await admin.post("compute", "/v2.1/flavors/1/action", {"addTenantAccess": {"tenant": "nope"}})
    reply.refused(400, "Project ID nope is not a valid project.")


async def test_unknown_query_parameters_are_refused_since_2_75(demo: Any, at: Any) -> None:
    (await demo.get("compute", "/v2.1/flavors?foo=1", **at("2.74"))).ok(200)
    (await demo.get("compute", "/v2.1/flavors?limit=1&is_public=1", **at("2.75"))).ok(200)
    reply = await demo.get("compute", "/v2.1/flavors?limit=1&foo=1", **at("2.75"))
    message = "Additional properties are not allowed ('foo' was unexpected)"
    assert reply.refused(400) == {"badRequest": {"code": 400, "message": message}}
    (await demo.get("compute", "/v2.1/limits?foo=1", **at("2.75"))).refused(400, message)
    (await demo.get("compute", "/v2.1/flavors/1?foo=1", **at("2.101"))).ok(200)
    (await demo.get("compute", "/v2.1/flavors/1?foo=1", **at("2.102"))).refused(400, message)

"""Images: create, show, delete, ids, policy, states. Texts as Glance 32 gave them."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any
Cloud: TypeAlias = Any

BREAK = "<br /><br />\n"
DEAD = "00000000-0000-0000-0000-00000000dead"
END = f"{BREAK}\n\n"


async def make(user: User, **given: Any) -> Any:
    """A queued image."""
    return (await user.post("image", "/v2/images", given)).ok(201)


async def test_create_answers_all_attributes(demo: User) -> None:
    reply = await demo.post(
        "image", "/v2/images", {"name": "i", "myprop": "x", "disk_format": "raw", "tags": ["a", "a"]}
    )
    image = reply.ok(201)
    assert reply.headers["Location"] == f"{demo.url}/image/v2/images/{image['id']}"
    assert reply.headers["OpenStack-image-import-methods"] == "glance-direct,web-download,copy-image"
    assert reply.headers["OpenStack-image-store-ids"] == "fs,os_glance_staging_store,os_glance_tasks_store"
    path = f"/v2/images/{image.pop('id')}"
    assert image.pop("created_at") == image.pop("updated_at")
    assert image == {
        "myprop": "x",
        "name": "i",
        "disk_format": "raw",
        "container_format": None,
        "visibility": "shared",
        "size": None,
        "virtual_size": None,
        "status": "queued",
        "checksum": None,
        "protected": False,
        "min_ram": 0,
        "min_disk": 0,
        "owner": demo.project_id,
        "os_hidden": False,
        "os_hash_algo": None,
        "os_hash_value": None,
        "tags": ["a"],
        "self": path,
        "file": f"{path}/file",
        "schema": "/v2/schemas/image",
    }
    assert (await demo.get("image", path)).ok(200)["myprop"] == "x"


async def test_an_empty_object_makes_an_image(demo: User) -> None:
    image = await make(demo)
    assert (image["name"], image["status"]) == (None, "queued")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"min_disk": -1}, 400, f"Invalid value '-1' for parameter 'min_disk': Cannot be a negative value{END}"),
        ({"p" * 256: "x"}, 400, f"Custom property should not be greater than 255 characters.{END}"),
        (
            {"foo": None},
            400,
            "Provided object does not match schema 'image': None is not of type 'string'\n\nFailed validating "
            "'type' in schema['additionalProperties']:\n    {'type': 'string'}\n\nOn instance['foo']:\n    None" + END,
        ),
        (
            {"protected": "x"},
            400,
            (
                "Provided object does not match schema 'image': 'x' is not of type 'boolean'\n\nFailed validating "
                "'type' in schema['properties']['protected']:\n    {'type': 'boolean',\n     "
                "'description': 'If true, image will "
                f"not be deletable.'}}\n\nOn instance['protected']:\n    'x'{END}"
            ),
        ),
        ({"checksum": "x"}, 403, f"Attribute 'checksum' is read-only.{END}"),
        ({"status": "active"}, 403, f"Attribute 'status' is read-only.{END}"),
        ({"size": 5}, 403, f"Attribute 'size' is read-only.{END}"),
        (
            {"os_glance_foo": "x"},
            403,
            f"Access was denied to this resource.{BREAK}Attribute 'os_glance_foo' is reserved.\n\n",
        ),
        (
            {"owner": "c1617f0eb92b4500bc919ad926e505a2"},
            403,
            (
                f"Access was denied to this resource.{BREAK}You are not permitted to create images owned by "
                "'c1617f0eb92b4500bc919ad926e505a2'\n\n"
            ),
        ),
        ({"visibility": "public"}, 403, f"You are not authorized to complete publicize_image action.{END}"),
    ],
)
async def test_refused_creates(demo: User, body: Any, status: int, message: str) -> None:
    reply = await demo.post("image", "/v2/images", body)
    assert reply.refused(status)["message"] == message


@pytest.mark.parametrize(
    ("body", "message"), [(b"", f"Body expected in request.{END}"), (b"{", f"Malformed JSON in request body.{END}")]
)
async def test_bodies_that_are_no_json(demo: User, body: bytes, message: str) -> None:
    reply = await demo.post("image", "/v2/images", data=body, headers={"Content-Type": "application/json"})
    assert reply.refused(400) == {"message": message, "code": "400 Bad Request", "title": "Bad Request"}


async def test_many_properties_are_too_many(demo: User) -> None:
    body = {f"p{number}": "x" for number in range(129)}
    text = "The limit has been exceeded on the number of allowed image properties. Attempted: 129, Maximum: 128"
    (await demo.post("image", "/v2/images", body)).refused(413, text)


async def test_an_id_stays_taken(demo: User) -> None:
    given = "48ff62af-d587-4a80-ab2e-03afd34ddd24"
    await make(demo, id=given)
    for _ in range(2):
        (await demo.post("image", "/v2/images", {"id": given})).refused(409, f"Image ID {given} already exists!")
        await demo.delete("image", f"/v2/images/{given}")


async def test_unknown_images(demo: User) -> None:
    for id in (DEAD, "nope"):
        assert (await demo.get("image", f"/v2/images/{id}")).refused(404) == {
            "message": f"No image found with ID {id}{END}",
            "code": "404 Not Found",
            "title": "Not Found",
        }
    (await demo.delete("image", f"/v2/images/{DEAD}")).refused(404, f"Failed to find image {DEAD} to delete")


async def test_protected_images_stay(demo: User) -> None:
    image = await make(demo, protected=True)
    text = f"Image {image['id']} is protected and cannot be deleted."
    (await demo.delete("image", image["self"])).refused(403, text)


async def test_tenants_are_apart(cloud: Cloud, demo: User, admin: User) -> None:
    image = await make(demo, name="mine")
    other = await cloud.user("alt_demo")
    (await other.get("image", image["self"])).refused(404, f"No image found with ID {image['id']}")
    (await other.delete("image", image["self"])).refused(404, f"Failed to find image {image['id']} to delete")
    assert (await other.get("image", "/v2/images?name=mine")).ok()["images"] == []
    assert (await admin.get("image", image["self"])).ok()["name"] == "mine"
    assert [found["name"] for found in (await admin.get("image", "/v2/images?name=mine")).ok()["images"]] == ["mine"]


async def test_others_may_see_and_not_touch_public_images(demo: User, admin: User) -> None:
    image = await make(admin, visibility="public")
    assert (await demo.get("image", image["self"])).ok()["visibility"] == "public"
    text = f"You are not authorized to complete delete_image action.{END}"
    assert (await demo.delete("image", image["self"])).refused(403)["message"] == text
    (await demo.put("image", f"{image['self']}/tags/x")).refused(403, "complete modify_image action")


async def test_without_a_token(cloud: Cloud) -> None:
    body = (await cloud.anonymous.get("image", "/v2/images")).refused(401)
    assert body["title"] == "Unauthorized"
    assert body["message"].startswith("This server could not verify that you are authorized")


async def test_wrong_verbs_and_paths(demo: User) -> None:
    reply = await demo.put("image", "/v2/images", {})
    assert reply.refused(405) == {
        "message": f"The method PUT is not allowed for this resource. {BREAK}",
        "code": "405 Method Not Allowed",
        "title": "Method Not Allowed",
    }
    assert reply.headers["Allow"] == "GET, POST"
    assert (await demo.get("image", "/v2/nope")).refused(404)["message"] == f"The resource could not be found.{END}"


async def test_tags(demo: User) -> None:
    image = await make(demo)
    (await demo.put("image", f"{image['self']}/tags/x")).ok(204)
    (await demo.put("image", f"{image['self']}/tags/x")).ok(204)
    assert (await demo.get("image", image["self"])).ok()["tags"] == ["x"]
    (await demo.delete("image", f"{image['self']}/tags/x")).ok(204)
    (await demo.delete("image", f"{image['self']}/tags/x")).refused(404, "The resource could not be found.")
    (await demo.put("image", f"/v2/images/{DEAD}/tags/x")).refused(404, f"Image {DEAD} not found.")
    (await demo.put("image", f"{image['self']}/tags/{'t' * 256}")).refused(400, "is too long")


async def test_deactivation(demo: User) -> None:
    image = await make(demo)
    actions = f"{image['self']}/actions"
    (await demo.post("image", f"{actions}/deactivate")).refused(
        403, "Not allowed to deactivate image in status 'queued'"
    )
    (await demo.post("image", f"{actions}/reactivate")).refused(
        403, "Not allowed to reactivate image in status 'queued'"
    )
    (await demo.post("image", f"{actions}/foo")).refused(404, "The resource could not be found.")


async def test_versions(cloud: Cloud) -> None:
    versions = await cloud.anonymous.get("image", "/")
    assert versions.status == 300
    current = [version for version in versions.body["versions"] if version["status"] == "CURRENT"]
    assert current == [
        {"id": "v2.17", "status": "CURRENT", "links": [{"rel": "self", "href": f"{cloud.url}/image/v2/"}]}
    ]


async def test_a_slash_more_is_another_path(cloud: Cloud, demo: User) -> None:
    for verb in ("GET", "DELETE"):
        (await demo.send(verb, "image", "/v2/images/")).refused(404, "The resource could not be found.")
    (await demo.get("image", "/v2/")).refused(404, "The resource could not be found.")
    reply = await demo.get("image", "/v2")
    assert (reply.status, reply.headers["Location"]) == (302, f"{cloud.url}/image/v2/")
    (await cloud.anonymous.get("image", "/v2")).refused(401)
    (await cloud.anonymous.get("image", "/nope")).refused(300)

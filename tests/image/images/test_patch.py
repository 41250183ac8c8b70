"""JSON patches of images, both content types. Texts as Glance 32 gave them."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any
TYPE = "application/openstack-images-v2.{}-json-patch"
BREAK = "<br /><br />\n"
END = f"{BREAK}\n\n"
DENIED = f"Access was denied to this resource.{BREAK}"
CONFLICT = f"There was a conflict when trying to complete your request.{BREAK}"


@pytest.fixture
async def image(demo: User) -> Any:
    return (await demo.post("image", "/v2/images", {"name": "i", "foo": "bar", "disk_format": "raw"})).ok(201)


async def patch(user: User, image: Any, changes: Any, draft: int = 1) -> Any:
    return await user.patch("image", image["self"], changes, headers={"Content-Type": TYPE.format(draft)})


async def test_known_and_free_attributes(demo: User, image: Any) -> None:
    changes = [
        {"op": "replace", "path": "/name", "value": "j"},
        {"op": "add", "path": "/zz", "value": "x"},
        {"op": "add", "path": "/zz", "value": "y"},
        {"op": "add", "path": "/a~1b", "value": "slash"},
        {"op": "replace", "path": "/tags", "value": ["b", "a", "b"]},
        {"op": "replace", "path": "/min_disk", "value": 3},
        {"op": "replace", "path": "/protected", "value": True},
        {"op": "replace", "path": "/disk_format", "value": "qcow2"},
        {"op": "replace", "path": "/visibility", "value": "private"},
        {"op": "remove", "path": "/foo"},
    ]
    new = (await patch(demo, image, changes)).ok(200)
    assert (new["name"], new["zz"], new["a/b"], new["tags"], new["min_disk"]) == ("j", "y", "slash", ["b", "a"], 3)
    assert (new["protected"], new["disk_format"], new["visibility"]) == (True, "qcow2", "private")
    assert "foo" not in new
    assert (await demo.get("image", image["self"])).ok() == new


async def test_null_clears_a_name(demo: User, image: Any) -> None:
    assert (await patch(demo, image, [{"op": "replace", "path": "/name", "value": None}])).ok()["name"] is None


async def test_no_changes(demo: User, image: Any) -> None:
    assert (await patch(demo, image, [])).ok(200) == image


async def test_the_older_content_type(demo: User, image: Any) -> None:
    assert (await patch(demo, image, [{"replace": "/name", "value": "old"}], 0)).ok()["name"] == "old"
    reply = await patch(demo, image, [{"add": "/foo", "value": "x"}], 0)
    assert reply.refused(409)["message"] == f"{CONFLICT}Property foo already present.\n\n"
    reply = await patch(demo, image, [{"op": "add", "path": "/foo", "value": "x"}], 0)
    reply.refused(400, 'Operation objects must contain exactly one member named "add", "remove", or "replace".')


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({}, 400, f"Request body must be a JSON array of operation objects.{END}"),
        (
            [{"path": "/name", "value": "x"}],
            400,
            "Unable to find `op` in JSON Schema change. It must be one of the following: add, remove, replace." + END,
        ),
        (
            [{"op": "foo", "path": "/name", "value": "x"}],
            400,
            f"Invalid operation: `foo`. It must be one of the following: add, remove, replace.{END}",
        ),
        ([{"op": "replace", "path": "/q", "value": "x"}], 409, f"{CONFLICT}Property q does not exist.\n\n"),
        ([{"op": "remove", "path": "/q"}], 409, f"{CONFLICT}Property q does not exist.\n\n"),
        ([{"op": "remove", "path": "/name"}], 403, f"{DENIED}Property name may not be removed.\n\n"),
        (
            [{"op": "add", "path": "/zi", "value": 1}],
            400,
            (
                "Provided object does not match schema 'image': 1 is not of type 'string'\n\nFailed validating "
                f"'type' in schema['additionalProperties']:\n    {{'type': 'string'}}\n\nOn instance['zi']:\n    1{END}"
            ),
        ),
        ([{"op": "replace", "path": "/status", "value": "active"}], 403, f"Attribute 'status' is read-only.{END}"),
        ([{"op": "replace", "path": "/id", "value": "x"}], 403, f"Attribute 'id' is read-only.{END}"),
        ([{"op": "add", "path": "/os_glance_x", "value": "x"}], 403, f"Attribute 'os_glance_x' is reserved.{END}"),
        ([{"op": "replace", "path": "/owner", "value": "x"}], 403, f"{DENIED}Owner can't be updated by non admin.\n\n"),
        ([{"op": "add", "path": "a", "value": "x"}], 400, f'Pointer `a` does not start with "/".{END}'),
        (
            [{"op": "add", "path": "/q", "value": "\ud800"}],
            400,
            f"Malformed JSON in request body.{END}",
        ),
        (
            [{"op": "replace", "path": "/min_disk", "value": 2**40}],
            400,
            (
                "Invalid input for field/attribute min_disk. Value: 1099511627776. 1099511627776 is greater than the "
                f"maximum of 2147483647{END}"
            ),
        ),
        ([{"op": "add", "path": "/q"}], 400, f'Operation "add" requires a member named "value".{END}'),
        ([{"op": "add", "path": "/a/b", "value": "x"}], 400, f"Invalid JSON pointer for this resource: '/a/b'{END}"),
        (
            [{"op": "replace", "path": "/visibility", "value": "public"}],
            403,
            f"You are not authorized to complete publicize_image action.{END}",
        ),
    ],
)
async def test_refused_patches(demo: User, image: Any, changes: Any, status: int, message: str) -> None:
    assert (await patch(demo, image, changes)).refused(status)["message"] == message
    assert (await demo.get("image", image["self"])).ok() == image


async def test_other_content_types(demo: User, image: Any) -> None:
    reply = await demo.patch("image", image["self"], [{"op": "replace", "path": "/name", "value": "x"}])
    assert reply.refused(415) == {
        "message": f"The request media type application/json is not supported by this server.\n{BREAK}",
        "code": "415 Unsupported Media Type",
        "title": "Unsupported Media Type",
    }


async def test_unknown_image(demo: User) -> None:
    nobody = {"self": "/v2/images/00000000-0000-0000-0000-00000000dead"}
    reply = await patch(demo, nobody, [{"op": "replace", "path": "/name", "value": "x"}])
    reply.refused(404, "No image found with ID 00000000-0000-0000-0000-00000000dead")

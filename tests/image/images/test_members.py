"""Members: sharing an image, and taking it."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any
Cloud: TypeAlias = Any
END = "<br /><br />\n\n\n"
DEAD = "00000000-0000-0000-0000-00000000dead"


@pytest.fixture
async def other(cloud: Cloud) -> User:
    return await cloud.user("alt_demo")


@pytest.fixture
async def image(demo: User) -> Any:
    return (await demo.post("image", "/v2/images", {"name": "shared"})).ok(201)


async def names(user: User, query: str = "") -> list[str]:
    query = f"name=shared{query}"
    return [image["name"] for image in (await user.get("image", f"/v2/images?{query}")).ok(200)["images"]]


async def test_an_image_is_shared(demo: User, other: User, image: Any) -> None:
    members = f"{image['self']}/members"
    (await other.get("image", image["self"])).refused(404)
    member = (await demo.post("image", members, {"member": other.project_id})).ok(200)
    assert member.pop("created_at") == member.pop("updated_at")
    assert member == {
        "member_id": other.project_id,
        "image_id": image["id"],
        "status": "pending",
        "schema": "/v2/schemas/member",
    }
    mine = f"{members}/{other.project_id}"
    assert (await other.get("image", image["self"])).ok()["name"] == "shared"
    assert (await names(other), await names(other, "&member_status=pending")) == ([], ["shared"])
    assert await names(other, "&member_status=all") == ["shared"]
    assert (await other.put("image", mine, {"status": "accepted"})).ok(200)["status"] == "accepted"
    assert await names(other) == ["shared"]
    listed = (await other.get("image", members)).ok()
    assert (listed["members"][0]["status"], listed["schema"]) == ("accepted", "/v2/schemas/members")
    (await other.delete("image", mine)).refused(403, "You are not authorized to complete delete_member action.")
    (await demo.delete("image", mine)).ok(204)
    assert (await demo.get("image", members)).ok()["members"] == []
    (await other.get("image", image["self"])).refused(404)


async def test_refusals(demo: User, other: User, image: Any) -> None:
    members = f"{image['self']}/members"
    for body, text in (({}, "Member to be added not specified"), ({"member": ""}, "Member can't be empty")):
        assert (await demo.post("image", members, body)).refused(400)["message"] == f"{text}{END}"
    (await demo.post("image", members, {"member": other.project_id})).ok()
    text = f"Member {other.project_id} is duplicated for image {image['id']}"
    (await demo.post("image", members, {"member": other.project_id})).refused(409, text)
    mine = f"{members}/{other.project_id}"
    text = "You are not authorized to complete modify_member action."
    (await demo.put("image", mine, {"status": "accepted"})).refused(403, text)
    text = 'Incorrect request: Status must be "pending", "accepted" or "rejected".'
    assert (await other.put("image", mine, {"status": "zz"})).refused(400)["message"] == f"{text}{END}"
    text = f"{DEAD} not found in the member list of the image {image['id']}."
    (await demo.delete("image", f"{members}/{DEAD}")).refused(404, text)
    (await demo.get("image", f"/v2/images/{DEAD}/members")).refused(404, f"Image {DEAD} not found.")


async def test_private_images_have_no_members(demo: User, other: User) -> None:
    image = (await demo.post("image", "/v2/images", {"visibility": "private"})).ok()
    text = f"Not allowed to create members for image {image['id']}."
    reply = await demo.post("image", f"{image['self']}/members", {"member": other.project_id})
    assert reply.refused(403)["message"] == f"{text}{END}"

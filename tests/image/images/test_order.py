"""What is said first: that there is no image, what is wrong with it, or that the policy refuses. Glance 32's answers.

A caller without a role that may look at images is told nothing of those that there are.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import pytest
import pytest_asyncio

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any
Cloud: TypeAlias = Any

DEAD = "00000000-0000-0000-0000-00000000dead"
PATCH = "application/openstack-images-v2.1-json-patch"
OCTETS = "application/octet-stream"
NOTHING = "The resource could not be found."
NO_IMAGE, NO_PARENT = "No image found with ID {id}", "Image {id} not found."
SHARED_ONLY = "Only shared images have members."
NOT_STAGED = (409, "Image needs to be staged before 'glance-direct' method can be used")


def denied(policy: str) -> tuple[int, str]:
    return 403, f"You are not authorized to complete {policy} action."


def forbidden(verb: str) -> tuple[int, str]:
    return 403, f"Not allowed to {verb} members for image {{id}}"


ADD = [{"op": "add", "path": "/zz", "value": "1"}]
OPERATIONS: dict[str, tuple[str, str, Any, str]] = {
    "delete": ("DELETE", "", None, ""),
    "patch": ("PATCH", "", ADD, PATCH),
    "tag": ("PUT", "/tags/x", None, ""),
    "untag": ("DELETE", "/tags/x", None, ""),
    "deactivate": ("POST", "/actions/deactivate", None, ""),
    "reactivate": ("POST", "/actions/reactivate", None, ""),
    "members": ("GET", "/members", None, ""),
    "add member": ("POST", "/members", {"member": "p"}, "application/json"),
    "member": ("GET", "/members/x", None, ""),
    "change member": ("PUT", "/members/x", {"status": "accepted"}, "application/json"),
    "remove member": ("DELETE", "/members/x", None, ""),
    "download": ("GET", "/file", None, ""),
    "upload": ("PUT", "/file", b"x", OCTETS),
    "stage": ("PUT", "/stage", b"x", OCTETS),
    "import": ("POST", "/import", {"method": {"name": "glance-direct"}}, "application/json"),
    "locations": ("GET", "/locations", None, ""),
    "add location": ("POST", "/locations", {"url": "http://x/y"}, "application/json"),
}
MISSING = dict.fromkeys(OPERATIONS, (404, NO_IMAGE)) | {
    "delete": (404, "Failed to find image {id} to delete"),
    **dict.fromkeys(
        ("tag", "untag", "members", "add member", "member", "change member", "remove member"), (404, NO_PARENT)
    ),
}
READER = {
    "delete": denied("delete_image"),
    "patch": denied("modify_image"),
    "tag": denied("modify_image"),
    "untag": denied("modify_image"),
    "deactivate": denied("deactivate"),
    "reactivate": denied("reactivate"),
    "upload": denied("upload_image"),
    "stage": denied("modify_image"),
    "import": NOT_STAGED,
    "locations": denied("fetch_image_location"),
    "add location": denied("add_image_location"),
}
OWN = READER | {
    "add member": denied("add_member"),
    "change member": (404, "x not found in the member list of the image {id}."),
    "remove member": (404, "x not found in the member list of the image {id}."),
    "download": denied("download_image"),
}
COMMUNITY = READER | {
    "members": (403, f"Not allowed to list members for image {{id}}: {SHARED_ONLY}"),
    "add member": forbidden("create"),
    "member": (404, SHARED_ONLY),
    "change member": forbidden("update"),
    "remove member": forbidden("delete"),
}
HIDDEN = dict.fromkeys(OPERATIONS, (404, NOTHING)) | {"import": NOT_STAGED}


async def _user(cloud: Cloud, admin: User, role: str) -> User:
    """A user with one role in the project demo."""
    body = {"user": {"name": role, "password": "secret"}}
    user = (await admin.post("identity", "/v3/users", body)).ok(201)["user"]["id"]
    found = (await admin.get("identity", f"/v3/roles?name={role}")).ok()["roles"]
    if not found:
        found = [(await admin.post("identity", "/v3/roles", {"role": {"name": role}})).ok(201)["role"]]
    project = (await admin.get("identity", "/v3/projects?name=demo")).ok()["projects"][0]["id"]
    (await admin.put("identity", f"/v3/projects/{project}/users/{user}/roles/{found[0]['id']}")).ok(204)
    return await cloud.user(role, "demo")


@pytest_asyncio.fixture
async def images(admin: User, demo: User) -> dict[str, str]:
    async def make(user: User, **given: Any) -> str:
        given |= {"disk_format": "raw", "container_format": "bare"}
        return str((await user.post("image", "/v2/images", given)).ok(201)["id"])

    return {
        "missing": DEAD,
        "private": await make(admin, visibility="private"),
        "community": await make(admin, visibility="community"),
        "own": await make(demo),
    }


@pytest.mark.parametrize(
    ("role", "image", "answers"),
    [
        ("reader", "missing", MISSING),
        ("reader", "private", MISSING),
        ("reader", "community", COMMUNITY),
        ("reader", "own", OWN),
        ("other", "missing", MISSING),
        ("other", "private", MISSING),
        ("other", "own", HIDDEN),
        (
            "other",
            "community",
            HIDDEN | {word: COMMUNITY[word] for word in COMMUNITY if "member" in word},
        ),
    ],
)
async def test_the_order_of_refusals(
    cloud: Cloud,
    admin: User,
    images: dict[str, str],
    role: str,
    image: str,
    answers: dict[str, tuple[int, str]],
) -> None:
    user, id = await _user(cloud, admin, role), images[image]
    for word, (status, text) in answers.items():
        verb, path, body, kind = OPERATIONS[word]
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Content-Type": kind} if kind else {}
        reply = await user.send(verb, "image", f"/v2/images/{id}{path}", data=data, headers=headers)
        got = reply.status, reply.body["message"].partition("<br />")[0]
        assert got[0] == status, (word, got)
        assert got[1].startswith(text.format(id=id)), (word, got)


async def _patch(user: User, id: str, *changes: dict[str, Any]) -> Any:
    headers = {"Content-Type": PATCH}
    return await user.patch("image", f"/v2/images/{id}", list(changes), headers=headers)


async def test_an_owner_that_is_added_does_not_take_the_image_out_of_sight(demo: User, images: dict[str, str]) -> None:
    """Glance refuses to replace an owner, and lets one be added where the caller still sees the image."""
    id = images["own"]
    text = "Owner can't be updated by non admin."
    (await _patch(demo, id, {"op": "replace", "path": "/owner", "value": demo.project_id})).refused(403, text)
    away = {"op": "add", "path": "/owner", "value": "0" * 32}
    (await _patch(demo, id, away)).refused(403, f"Forbidding request, image {id} not visible")
    assert (await demo.get("image", f"/v2/images/{id}")).ok()["owner"] == demo.project_id
    (await _patch(demo, id, {"op": "add", "path": "/owner", "value": demo.project_id})).ok(200)
    (await _patch(demo, id, {"op": "replace", "path": "/visibility", "value": "community"})).ok(200)
    assert (await _patch(demo, id, away)).ok(200)["owner"] == "0" * 32
    rename = {"op": "add", "path": "/name", "value": "q"}
    (await _patch(demo, id, rename)).refused(403, "You are not authorized to complete modify_image action.")

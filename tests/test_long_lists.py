"""Lists that are long enough to be kept in their order: pages, filters and orders, while what is listed changes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from mopenstack.core.engine import lists
from tests.conftest import User

KEPT_FROM = 20
MANY = 2 * KEPT_FROM
VERSION = {"OpenStack-API-Version": "compute 2.90"}
NAMED = ("web-17", "Web-17", "wéb", "a.b")
"""Names beside those with numbers."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of one service.

    `order`: a query for one by name; `search`: whether names are looked for by patterns.
    """

    api: str
    path: str
    key: str
    fill: Callable[[User, User], Awaitable[None]]
    rename: Callable[[str], tuple[str, dict[str, Any]]]
    order: str
    search: bool = False

    async def names(self, user: User, query: str = "") -> list[str]:
        """The names of a list, in its order, by as many pages as it takes; each once."""
        path, found, ids = f"{self.path}?{query}", list[str](), set[str]()
        while path:
            answer = (await user.get(self.api, path, headers=VERSION)).ok(200)
            found += [one["name"] for one in answer[self.key]]
            ids |= {one["id"] for one in answer[self.key]}
            path = self._next(answer)
        assert len(ids) == len(found)
        return found

    def _next(self, answer: dict[str, Any]) -> str:
        links = {link["rel"]: link["href"] for link in answer.get(f"{self.key}_links", ())}
        href = links.get("next") or answer.get("next", "")
        parts = urlsplit(href)
        return f"{parts.path[parts.path.index(self.path) :]}?{parts.query}" if href else ""

    async def ids(self, user: User, query: str = "", *, own: bool = False) -> list[str]:
        """The ids of one page; `own`: without what the cloud had from the beginning."""
        return [
            one["id"]
            for one in (await user.get(self.api, f"{self.path}?{query}", headers=VERSION)).ok(200)[self.key]
            if not own or one["name"] not in SEEDED
        ]


async def _servers(user: User, admin: User) -> None:
    quota = {"quota_set": {"instances": -1, "cores": -1, "ram": -1}}
    (await admin.put("compute", f"/v2.1/os-quota-sets/{user.project_id}", quota)).ok(200)
    image = (await user.get("image", "/v2/images")).ok()["images"][0]["id"]
    server = {"name": "web", "flavorRef": "42", "imageRef": image, "networks": "none"}
    several = {"min_count": MANY // 2, "max_count": MANY // 2}
    bodies: list[dict[str, Any]] = [several, several, *({"name": name} for name in NAMED)]
    for more in bodies:
        (await user.post("compute", "/v2.1/servers", {"server": {**server, **more}}, headers=VERSION)).ok(202)


async def _networks(user: User, admin: User) -> None:
    (await admin.put("network", f"/v2.0/quotas/{user.project_id}", {"quota": {"network": -1}})).ok(200)
    several = [{"name": name} for name in (*(f"web-{number}" for number in range(1, MANY + 1)), *NAMED)]
    (await user.post("network", "/v2.0/networks", {"networks": several})).ok(201)


async def _volumes(user: User, admin: User) -> None:
    quota = {"quota_set": {"volumes": -1, "gigabytes": -1}}
    (await admin.put("volume", f"/v3/{admin.project_id}/os-quota-sets/{user.project_id}", quota)).ok(200)
    for name in (*(f"web-{number}" for number in range(1, MANY + 1)), *NAMED):
        (await user.post("volume", f"/v3/{user.project_id}/volumes", {"volume": {"name": name, "size": 1}})).ok(202)


async def _images(user: User, admin: User) -> None:
    for name in (*(f"web-{number}" for number in range(1, MANY + 1)), *NAMED):
        (await user.post("image", "/v2/images", {"name": name})).ok(201)


SEEDED = ("public", "private", "shared", "lb-mgmt-net")
"""Networks of every cloud."""
LISTS = {
    "servers": lambda user: Listed(
        "compute", "/v2.1/servers", "servers", _servers,
        lambda id: (f"/v2.1/servers/{id}", {"server": {"name": "renamed"}}), "sort_key=display_name&sort_dir=asc", True,
    ),
    "networks": lambda user: Listed(
        "network", "/v2.0/networks", "networks", _networks,
        lambda id: (f"/v2.0/networks/{id}", {"network": {"name": "renamed"}}), "sort_key=name&sort_dir=asc",
    ),
    "volumes": lambda user: Listed(
        "volume", f"/v3/{user.project_id}/volumes", "volumes", _volumes,
        lambda id: (f"/v3/{user.project_id}/volumes/{id}", {"volume": {"name": "renamed"}}), "sort=name:asc",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is long begins earlier."""
    monkeypatch.setattr(lists, "KEPT_FROM", KEPT_FROM)


@pytest.mark.parametrize("kind", LISTS)
async def test_pages_filters_and_orders(kind: str, demo: User, admin: User) -> None:
    """Before and after renames and deletions, each asked for twice: the first time a list is not kept yet."""
    listed = LISTS[kind](demo)
    await listed.fill(demo, admin)
    for turn in range(4):
        whole = await listed.names(demo)
        assert len(whole) == len(await listed.ids(demo))
        assert await listed.names(demo, "limit=7") == whole
        assert await listed.names(demo, f"{listed.order}&limit=50") == sorted(whole)
        assert await listed.names(demo, f"limit=3&name={'^web-17$' if listed.search else 'web-17'}") == [
            name for name in whole if name.lower() == "web-17"
        ]
        if listed.search:
            for pattern in ("web-1", "^WEB-1.$", "b$", r"a\.b", "wéb", "[0-9]{2}", "nothing", "^[^-]+$"):
                expected = [name for name in whole if re.search(pattern, name, re.IGNORECASE)]
                assert await listed.names(demo, f"limit=9&name={pattern.replace('+', '%2B')}") == expected, pattern
        ids = await listed.ids(demo)
        own = await listed.ids(demo, own=True)
        middle = ids.index(own[len(own) // 2])
        assert await listed.ids(demo, f"limit=5&marker={ids[middle]}") == ids[middle + 1 : middle + 6]
        path, body = listed.rename(ids[middle])
        (await demo.put(listed.api, path, body)).ok(200)
        path, _ = listed.rename(own[turn])
        assert (await demo.delete(listed.api, path)).status in (202, 204)
        renamed = await listed.ids(demo, "name=renamed")
        assert ids[middle] in renamed
        assert own[turn] not in await listed.ids(demo, f"limit={turn + 5}")


async def test_images(demo: User, admin: User) -> None:
    """Public ones of others among them; a page of Glance's own size at a time."""
    listed = Listed("image", "/v2/images", "images", _images, lambda id: (f"/v2/images/{id}", {}), "")
    await _images(demo, admin)
    for _ in range(3):
        for user in (demo, admin):
            whole = await listed.names(user)
            assert len(whole) > MANY
            assert await listed.names(user, "limit=60") == whole
            assert await listed.names(user, "limit=60&sort=name:asc") == sorted(whole)
            assert await listed.names(user, "name=WEB-17&limit=1") == [n for n in whole if n.lower() == "web-17"]
            assert set(await listed.names(user, "name=in:web-3,web-4")) == {"web-3", "web-4"}
            assert len(await listed.names(user, "visibility=public")) == 1
        (await demo.delete("image", f"/v2/images/{(await listed.ids(demo))[0]}")).ok(204)


async def test_servers_of_all_projects(demo: User, admin: User) -> None:
    """The list of all projects, and what each project sees of it."""
    listed = LISTS["servers"](demo)
    await _servers(demo, admin)
    for _ in range(2):
        whole = await listed.ids(admin, "all_tenants=1")
        assert whole == await listed.ids(demo)
        assert await listed.ids(admin) == []
        assert await listed.ids(admin, f"all_tenants=1&project_id={demo.project_id}&limit=3") == whole[:3]
        changed = await listed.ids(admin, "all_tenants=1&changes-since=2000-01-01T00:00:00Z")
        assert [one for one in changed if one in whole] == whole
        (await demo.delete("compute", f"/v2.1/servers/{whole[1]}")).ok(204)
        assert whole[1] not in await listed.ids(demo)
        assert await listed.ids(demo, "limit=2") == [whole[0], whole[2]]
        (await admin.get("compute", f"/v2.1/servers?all_tenants=1&marker={whole[1]}&limit=2")).refused(400)
        gone = (await admin.get("compute", "/v2.1/servers?all_tenants=1&deleted=1")).ok(200)["servers"]
        assert whole[1] in [one["id"] for one in gone]


async def test_networks_backwards(demo: User, admin: User) -> None:
    """Pages in reverse, and what is shared by others among one's own."""
    listed = LISTS["networks"](demo)
    await _networks(demo, admin)
    for _ in range(2):
        shared = (await admin.post("network", "/v2.0/networks", {"network": {"name": "s", "shared": True}})).ok(201)
        ids = await listed.ids(demo)
        assert shared["network"]["id"] in ids
        assert ids == sorted(ids)
        assert await listed.ids(demo, f"limit=4&page_reverse=true&marker={ids[30]}") == ids[26:30]
        assert await listed.ids(demo, "limit=4&page_reverse=true") == ids[-4:]
        assert (
            await listed.ids(admin, "limit=4&page_reverse=true&shared=true")
            == [one for one in await listed.ids(admin) if one in await listed.ids(admin, "shared=true")][-4:]
        )

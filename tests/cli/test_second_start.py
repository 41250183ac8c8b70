"""The second start of the same services: each is loaded when something needs it, and the seed's rows are there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mopenstack.cli import kept_services
from mopenstack.cli.serve import Settings, serving
from mopenstack.contract import kept
from tests.conftest import Cloud

SERVICES = ("image", "network")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder for kept files."""
    monkeypatch.setenv(kept.VARIABLE, str(tmp_path / "kept"))
    yield tmp_path / "kept"
    kept_services.forget()


@asynccontextmanager
async def _started(services: tuple[str, ...] = SERVICES, store: str | None = None) -> AsyncIterator[Cloud]:
    kept_services.forget()
    async with serving(Settings(port=0, services=services, store=store)) as running, aiohttp.ClientSession() as session:
        yield Cloud("default", running, session)


def _file(place: Path, name: str) -> Path:
    (found,) = place.glob(f"{name}-*")
    return found


def _loaded(cloud: Cloud) -> set[str]:
    return {type(servicer).__module__.split(".")[2] for servicer in cloud.serving.engine.registry.servicers}


async def _networks(cloud: Cloud) -> dict[str, str]:
    demo = await cloud.user("demo")
    found: list[Any] = (await demo.get("network", "/v2.0/networks")).ok()["networks"]
    return {network["name"]: network["id"] for network in found}


async def _bytes(cloud: Cloud) -> tuple[str, int]:
    """The id of the seed's image, and how many bytes it has."""
    demo = await cloud.user("demo")
    (image,) = (await demo.get("image", "/v2/images")).ok()["images"]
    data = await demo.get("image", f"/v2/images/{image['id']}/file")
    return image["id"], len(data.content)


async def test_services_are_loaded_when_something_needs_them(place: Path) -> None:
    async with _started() as first:
        assert not first.serving.engine.registry.contract.known
        networks, image = await _networks(first), await _bytes(first)
    assert _file(place, "seed").stat().st_size
    assert _file(place, "services").stat().st_size
    async with _started() as second:
        assert _loaded(second) == set()
        await second.user("demo")
        assert _loaded(second) == {"identity"}
        assert await _networks(second) == networks
        assert _loaded(second) == {"identity", "network"}
        assert await _bytes(second) == image
        assert _loaded(second) == {"identity", "image", "network"}


async def test_an_event_loads_those_that_subscribe_it(place: Path) -> None:
    async with _started():
        pass
    async with _started() as cloud:
        admin = await cloud.user("admin")
        made = (await admin.post("identity", "/v3/projects", {"project": {"name": "p"}})).ok(201)["project"]
        assert "network" not in _loaded(cloud)
        (await admin.delete("identity", f"/v3/projects/{made['id']}")).ok(204)
        subscribers = [name for name, one in _known(cloud).items() if "before_delete project" in one.events]
        assert set(subscribers) <= _loaded(cloud)


async def test_a_tag_loads_no_other_service(place: Path) -> None:
    """Tags are put on a kind that the path names: one of the same service."""
    async with _started():
        pass
    async with _started() as cloud:
        demo = await cloud.user("demo")
        made = (await demo.post("network", "/v2.0/networks", {"network": {}})).ok(201)["network"]
        (await demo.put("network", f"/v2.0/networks/{made['id']}/tags/blue")).ok(201)
        assert _loaded(cloud) == {"identity", "network"}


async def test_a_list_of_what_some_services_have_loads_those(place: Path) -> None:
    async with _started():
        pass
    async with _started() as cloud:
        (await cloud.admin_api.get("_mopenstack", "/clouds/default/quotas/p")).ok()
        assert _loaded(cloud) == {"admin", "network"}


async def test_a_call_that_is_made_again_draws_the_same_ids(place: Path) -> None:
    """A server needs services that are loaded for it, in the middle of the call that makes it."""
    async with _started(("compute",)):
        pass
    found = []
    async with _started(("compute",)) as cloud:
        for name in ("one", "other"):
            (await cloud.admin_api.post("_mopenstack", "/clouds", {"name": name, "seed": 7})).ok()
            demo = await Cloud(name, cloud.serving, cloud.session).user("demo")
            flavors = (await demo.get("compute", "/v2.1/flavors")).ok()["flavors"]
            assert ("network" in _loaded(cloud)) == (name == "other")
            images = (await demo.get("image", "/v2/images")).ok()["images"]
            server = {"name": "s", "flavorRef": flavors[0]["id"], "imageRef": images[0]["id"]}
            made = (await demo.post("compute", "/v2.1/servers", {"server": server})).ok(202)["server"]
            ports = (await demo.get("network", f"/v2.0/ports?device_id={made['id']}")).ok()["ports"]
            found.append((made["id"], [port["id"] for port in ports]))
    assert found[0] == found[1]
    assert found[0][1]


async def test_a_call_loads_the_servicers_that_it_asks_for(place: Path, postgres_url: str) -> None:
    """The image of a server that was there before the start: Nova's own code makes it by Glance's."""
    async with _started(("compute",), postgres_url) as cloud:
        demo = await cloud.user("demo")
        image = (await demo.get("image", "/v2/images")).ok()["images"][0]["id"]
        server = {"name": "s", "flavorRef": "42", "imageRef": image, "networks": "none"}
        headers = {"OpenStack-API-Version": "compute 2.90"}
        made = (await demo.post("compute", "/v2.1/servers", {"server": server}, headers=headers)).ok(202)["server"]
        (await demo.get("compute", f"/v2.1/servers/{made['id']}")).ok()
    async with _started(("compute",), postgres_url) as cloud:
        demo = await cloud.user("demo")
        assert "image" not in _loaded(cloud)
        asked = {"createImage": {"name": "of-s"}}
        (await demo.post("compute", f"/v2.1/servers/{made['id']}/action", asked)).ok(202)
        assert "image" in _loaded(cloud)


def _known(cloud: Cloud) -> Any:
    return cloud.serving.engine.registry.contract.known


@pytest.mark.parametrize("name", ["seed", "services"])
async def test_a_damaged_file_is_made_again(name: str, place: Path) -> None:
    async with _started() as first:
        before = await _networks(first)
    file = _file(place, name)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    async with _started() as second:
        after = await _networks(second)
        assert bool(_known(second)) == (name == "seed")
    assert after.keys() == before.keys()
    assert (after == before) == (name == "services"), "a seed that is planted anew has new ids"
    assert len(file.read_bytes()) >= len(whole) - 1000
    assert file.read_bytes() != whole[:-1]


async def test_a_folder_that_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(kept.VARIABLE, str(tmp_path / "file" / "below"))
    async with _started() as cloud:
        assert "public" in await _networks(cloud)
    kept_services.forget()

"""What tests of behaviours drive a cloud with, and look at it with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.compute.stage import SERVERS, at
from tests.conftest import Cloud, User

ADMIN = "_mopenstack"

BOOT = [f"BUILD/{task}" for task in ("scheduling", "networking", "block_device_mapping", "spawning")]


def second_of(text: str) -> float:
    """The second of the day of a time as the services write it."""
    hours, minutes, rest = text.rstrip("Z").rpartition("T")[2].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


class Driver:
    """Drives a cloud from outside of it."""

    def __init__(self, cloud: Cloud, demo: User, admin: User) -> None:
        self.cloud, self.demo, self.admin = cloud, demo, admin
        self.root = User(cloud.session, cloud.serving.url)
        self.path = f"/clouds/{cloud.name}"

    async def profile(self, profile: str) -> None:
        """Set it; the clock stands still from here on, so that a poller misses nothing."""
        await self.stop_clock()
        (await self.root.put(ADMIN, f"{self.path}/profile", {"profile": profile})).ok()

    async def advance(self, seconds: float) -> float:
        """Move the clock; the second of the day that it shows."""
        moved = await self.root.post(ADMIN, f"{self.path}/clock/advance", {"seconds": seconds})
        return second_of(moved.ok()["cloud"]["time"])

    async def stop_clock(self) -> None:
        (await self.root.put(ADMIN, f"{self.path}/clock", {"rate": 0})).ok()

    async def complete(self, kind: str, id: str, **body: Any) -> Any:
        path = f"{self.path}/resources/{kind}/{id}/complete"
        return (await self.root.post(ADMIN, path, body)).ok(200)["transition"]

    async def add(self, **rule: Any) -> str:
        made = await self.root.post(ADMIN, f"{self.path}/behaviours", {"behaviour": rule})
        return str(made.ok(201)["behaviour"]["id"])

    async def rules(self) -> list[dict[str, Any]]:
        return list((await self.root.get(ADMIN, f"{self.path}/behaviours")).ok()["behaviours"])

    async def transitions(self) -> list[dict[str, Any]]:
        return list((await self.root.get(ADMIN, f"{self.path}/transitions")).ok()["transitions"])

    # -- what a poller sees

    async def server(self, id: str) -> str:
        reply = await self.admin.get("compute", f"{SERVERS}/{id}", **at("2.96"))
        if reply.status == 404:
            return "GONE"
        found = reply.ok()["server"]
        return f"{found['status']}/{found['OS-EXT-STS:task_state'] or '-'}"

    async def volume(self, id: str) -> str:
        reply = await self.demo.get("volume", f"/v3/{self.demo.project_id}/volumes/{id}")
        return "GONE" if reply.status == 404 else str(reply.ok()["volume"]["status"])

    async def image(self, id: str) -> str:
        return str((await self.demo.get("image", f"/v2/images/{id}")).ok()["status"])

    async def polled(self, look: Callable[[], Awaitable[str]], until: str, every: float = 0.2) -> list[str]:
        """The states that a poller sees until the last one, each once."""
        seen = [await look()]
        for _ in range(300):
            if seen[-1] == until:
                return seen
            await self.advance(every)
            now = await look()
            if now != seen[-1]:
                seen.append(now)
        raise AssertionError(f"it never was {until}: {seen}")

    async def seen(self, profile: str, kind: str, id: str, end: str, image: str = "") -> list[str]:
        """The states of a server (and an image beside it) or volume until the end: polled, or led on by hand."""

        async def look() -> str:
            found = await (self.server(id) if kind == "server" else self.volume(id))
            return f"{found}/{await self.image(image)}" if image else found

        return await (self.polled(look, end) if profile == "realistic" else self.stepped(kind, id, look))

    async def stepped(self, kind: str, id: str, look: Callable[[], Awaitable[str]]) -> list[str]:
        """The states in which one can stand, led on by hand."""
        seen = []
        for _ in range(20):
            seen.append(await look())
            assert await look() == seen[-1]
            if await self.complete(kind, id) is None:
                return [*seen, await look()]
        raise AssertionError(f"it never ended: {seen}")

    async def log(self, server_id: str, action: str) -> dict[str, Any]:
        """The one instance action of a name, with its events, oldest first."""
        path = f"{SERVERS}/{server_id}/os-instance-actions"
        listed = (await self.admin.get("compute", path, **at("2.84"))).ok()["instanceActions"]
        (entry,) = (one for one in listed if one["action"] == action)
        shown = await self.admin.get("compute", f"{path}/{entry['request_id']}", **at("2.84"))
        found = dict(shown.ok()["instanceAction"])
        found["events"] = found["events"][::-1]
        return found

    # -- what is driven

    async def new_server(self, user: User | None = None, **server: Any) -> str:
        image = (await self.demo.get("image", "/v2/images")).ok()["images"][0]["id"]
        body = {"name": "s", "flavorRef": "42", "imageRef": image, "networks": "none", **server}
        reply = await (user or self.demo).post("compute", SERVERS, {"server": body}, **at("2.87"))
        return str(reply.ok(202)["server"]["id"])

    async def new_volume(self, **volume: Any) -> str:
        path = f"/v3/{self.demo.project_id}/volumes"
        reply = await self.demo.post("volume", path, {"volume": {"name": "v", "size": 1, **volume}})
        return str(reply.ok(202)["volume"]["id"])

    async def attach(self, server_id: str, volume_id: str) -> None:
        body = {"volumeAttachment": {"volumeId": volume_id}}
        (await self.demo.post("compute", f"{SERVERS}/{server_id}/os-volume_attachments", body)).ok(200)

    async def detach(self, server_id: str, volume_id: str) -> None:
        (await self.demo.delete("compute", f"{SERVERS}/{server_id}/os-volume_attachments/{volume_id}")).ok(202)

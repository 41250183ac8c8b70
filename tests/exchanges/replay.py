"""One exchange after the other, each in a cloud of its own that holds what the recording names."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from mopenstack.gateway.addresses import cloud_path
from tests.exchanges.compare import Same, differences, without_place
from tests.exchanges.recorded import Exchange, Objects, api_of, identity_of
from tests.exchanges.staging import Staging
from tests.exchanges.world import ADMIN, DEMO, NOVA, Session, World

PORTS = {
    "5000": "identity",
    "15000/v3": "identity",
    "8774": "compute",
    "9696": "network",
    "9292": "image",
    "8776": "volume",
    "8778": "placement",
}
QCOW2 = b"QFI\xfb" + (2).to_bytes(4) + bytes(16) + (1 << 30).to_bytes(8)
"""The head of the images that the recorded clients sent: of 1 GB."""
INVALID = "invalid"
SERVICES = ("network", "placement")
"""Sections whose calls by other services were made with their users; the others' by the set-up, as an admin."""


@dataclass(slots=True)
class Ours:
    """What we answered."""

    status: int
    headers: Any
    document: Any


class Replayer:
    """Replays exchanges in a world."""

    def __init__(self, world: World, session: aiohttp.ClientSession, objects: Objects) -> None:
        self.world, self.session, self.objects = world, session, objects

    async def replay(self, exchange: Exchange) -> list[str]:
        """Where our answer differs."""
        who = self._who(exchange)
        staging = Staging(
            exchange,
            self.objects,
            self.world.everybody,
            *((who.project_id, who.user_id) if who is not None else ("", "")),
        )
        staging.collect()
        planted = staging.messages()
        name = await self.world.cloud(planted)
        try:
            for verb, path, data in staging.steps:
                await self._step(exchange, name, verb, path, data)
            ours = await self._send(exchange, name, who)
        finally:
            await self.world.forget(name)
        known = frozenset(id for _, id in planted)
        return list(self._compare(exchange, ours, name, known | self.world.everybody))

    # -- the request

    async def _step(self, exchange: Exchange, name: str, verb: str, path: str, data: bytes) -> None:
        admin = self.world.session(ADMIN, "admin")
        kind = "application/json" if data.startswith(b"{") else "application/octet-stream"
        headers = {"X-Auth-Token": admin.token, "Content-Type": kind}
        url = f"{self.world.serving.url}{cloud_path(name)}/{api_of(exchange.section)}{path}"
        async with self.session.request(verb, url, headers=headers, data=data) as answer:
            assert answer.status < 300, f"{verb} {path}: {answer.status} {await answer.text()}"

    async def _send(self, exchange: Exchange, name: str, who: Session | None) -> Ours:
        line = exchange.line
        headers = {"Accept": "application/json", **(line.get("request_headers") or {})}
        headers = {key: value for key, value in headers.items() if value != "<token>"}
        if who is not None:
            headers["X-Auth-Token"] = who.token
            if exchange.path.startswith("/v3/auth/tokens") and exchange.verb != "POST" and exchange.status < 300:
                headers["X-Subject-Token"] = who.token
        asked = str(line.get("microversion") or "")
        if asked.startswith("nova-header"):
            headers["X-OpenStack-Nova-API-Version"] = asked.partition(" ")[2]
        elif asked:
            headers["OpenStack-API-Version"] = asked
        request = line.get("request")
        data: bytes | io.BytesIO | None = None
        if isinstance(request, dict) and "__bytes__" in request:
            data = io.BytesIO((QCOW2 + bytes(request["__bytes__"]))[: request["__bytes__"]])
        elif isinstance(request, dict) and "__text__" in request:
            data = request["__text__"].encode()
        elif "request" in line:
            mine = self.world.session("pbm", "pb-one").token
            data = json.dumps(request).replace("<token>", mine).encode()
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        url = f"{self.world.serving.url}{cloud_path(name)}/{api_of(exchange.section)}{exchange.path}"
        from yarl import URL

        async with self.session.request(
            exchange.verb, URL(url, encoded=True), headers=headers, data=data, allow_redirects=False
        ) as answer:
            content = await answer.read()
            document: Any = None
            if content and answer.content_type.endswith("json"):
                document = json.loads(content)
            elif content:
                try:
                    document = {"__text__": content.decode(), "__len__": len(content)}
                except UnicodeDecodeError:
                    document = {"__bytes__": len(content)}
            return Ours(answer.status, answer.headers, document)

    def _who(self, exchange: Exchange) -> Session | None:
        line = exchange.line
        recorded, situation = str(line["as"]), str(line.get("situation", ""))
        if recorded == "anonymous":
            return None
        if exchange.status == 401:
            return Session(INVALID, "", "")
        if recorded == "service-or-invalid":
            by_service = exchange.section.startswith(SERVICES)
            return self.world.session(NOVA, "service") if by_service else self.world.session(ADMIN, "admin")
        if recorded.startswith("admin"):
            scope = re.search(r"\((system|domain) scope\)", recorded)
            return self.world.session(ADMIN, scope[1] if scope else "admin")
        if recorded.startswith("no role"):
            return self.world.session("pbm", "")
        if recorded == "reader":
            return self.world.session("pbr", "pb-one")
        if not situation:
            return self.world.session(*self._member_of(exchange))
        if exchange.verb == "PUT" and "/members/" in exchange.path and "owner" not in situation:
            return self.world.session("pb2", "pb-two")
        if re.search(r"as member project|other|pb2|project two", situation) and "member" in recorded:
            return self.world.session("pb2", "pb-two")
        return self.world.session("pbm", "pb-one")

    def _member_of(self, exchange: Exchange) -> tuple[str, str]:
        text = json.dumps([exchange.line.get("request"), exchange.line.get("response"), exchange.path])
        for user, project in (("pbm", "pb-one"), (DEMO, "demo"), ("pb2", "pb-two")):
            if self.world.session(user, project).project_id in text:
                return user, project
        return DEMO, "demo"

    # -- after

    def _compare(self, exchange: Exchange, ours: Ours, name: str, known: frozenset[str]) -> Iterator[str]:
        line = exchange.line
        if ours.status != exchange.status:
            yield f"status {ours.status}, recorded {exchange.status}: {json.dumps(ours.document)[:300]}"
            return
        same = Same(known, exchange.verb not in ("GET", "HEAD"))
        here = f"{self.world.serving.url}{cloud_path(name)}"
        places = {f"{here}/{api}": f"{{{api}}}" for api in PORTS.values()}
        places |= {f"{cloud_path(name)}/{api}": "" for api in PORTS.values()}
        recorded_places = {f"http://127.0.0.1:{port}": f"{{{api}}}" for port, api in PORTS.items()}
        recorded = without_place(line.get("response"), recorded_places)
        answered = without_place(ours.document, places)
        yield from cut_differences(recorded, answered, same, line.get("cut") or {})
        wanted = line.get("response_headers") or {}
        for header, value in wanted.items():
            got = ours.headers.get(header)
            if got is None:
                yield f"header {header} is missing, recorded {value!r}"
                continue
            value, got = without_place(value, recorded_places), without_place(got, places)
            if value != "<redacted>" and not same.text(value, got):
                yield f"header {header}: {got!r}, recorded {value!r}"


def cut_differences(recorded: Any, ours: Any, same: Same, cut: dict[str, int]) -> Iterator[str]:
    """Differences where long lists were shortened to their first items: the rest of ours is left out as well."""
    for where in cut:
        *parents, last = where.split(".")
        old, new = recorded, ours
        for parent in parents:
            old = old.get(parent) if isinstance(old, dict) else None
            new = new.get(parent) if isinstance(new, dict) else None
        if isinstance(old, dict) and isinstance(new, dict) and isinstance(new.get(last), list):
            new[last] = _matching(old.get(last, []), new[last])
    yield from differences(recorded, ours, same)


def _matching(recorded: list[Any], ours: list[Any]) -> list[Any]:
    """Of ours, those that the shortened list shows, and else the first ones."""

    def mark(item: Any) -> str:
        return identity_of(item) if isinstance(item, dict) and identity_of(item) else json.dumps(item, sort_keys=True)

    wanted = {mark(item): number for number, item in enumerate(recorded)}
    found = sorted((item for item in ours if mark(item) in wanted), key=lambda item: wanted[mark(item)])
    return found if len(found) == len(recorded) else ours[: len(recorded)]

"""One exchange after the other, each in a cloud of its own that holds what the recording names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from mopenstack.cli.recording.differences import Difference, without_place
from mopenstack.cli.recording.exchanges import body_of, document_of, headers_of
from mopenstack.contract.addresses import cloud_path
from tests.exchanges import dns_rules
from tests.exchanges.compare import Same
from tests.exchanges.recorded import Exchange, Objects, api_of, identity_of
from tests.exchanges.shared_file_system_rules import LATEST
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
    "9876": "load-balancer",
    "9001": "dns",
    "8786": "share",
}
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
        headers = {"X-Auth-Token": admin.token, "Content-Type": kind, LATEST: "2.95"}
        url = f"{self.world.serving.url}{cloud_path(name)}/{api_of(exchange.section)}{path}"
        async with self.session.request(verb, url, headers=headers, data=data) as answer:
            assert answer.status < 300, f"{verb} {path}: {answer.status} {await answer.text()}"

    async def _send(self, exchange: Exchange, name: str, who: Session | None) -> Ours:
        line = exchange.line
        headers = {key: value for key, value in headers_of(line).items() if value != "<token>"}
        if who is not None:
            headers["X-Auth-Token"] = who.token
            if exchange.path.startswith("/v3/auth/tokens") and exchange.verb != "POST" and exchange.status < 300:
                headers["X-Subject-Token"] = who.token
        data = body_of(line)
        if isinstance(data, bytes):
            data = data.replace(b"<token>", self.world.session("pbm", "pb-one").token.encode())
        url = f"{self.world.serving.url}{cloud_path(name)}/{api_of(exchange.section)}{exchange.path}"
        async with self.session.request(
            exchange.verb, URL(url, encoded=True), headers=headers, data=data, allow_redirects=False
        ) as answer:
            content = await answer.read()
            return Ours(answer.status, answer.headers, document_of(content, answer.content_type))

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
        if exchange.section == "dns" and recorded == "member" and situation:
            return self.world.session(*dns_rules.caller(exchange, self.world.session("pb2", "pb-two").project_id))
        if recorded == "reader":
            return self.world.session("pbr", "pb-one")
        if not situation:
            return self.world.session(*self._member_of(exchange))
        if exchange.section == "load-balancer":
            others = re.search(r"as other project|other's", situation)
            return self.world.session("pb2", "pb-two") if others else self.world.session("pbm", "pb-one")
        if exchange.verb == "PUT" and "/members/" in exchange.path and "owner" not in situation:
            return self.world.session("pb2", "pb-two")
        others = re.search(r"as member project|other(?! member| proto)|pb2|project two", situation)
        if (others or situation.endswith("as new owner")) and "member" in recorded:
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
        yield from map(str, cut_differences(recorded, answered, same, line.get("cut") or {}))
        wanted = line.get("response_headers") or {}
        for header, value in wanted.items():
            got = ours.headers.get(header)
            if got is None:
                yield f"header {header} is missing, recorded {value!r}"
                continue
            value, got = without_place(value, recorded_places), without_place(got, places)
            if value != "<redacted>" and not same.text(value, got):
                yield f"header {header}: {got!r}, recorded {value!r}"


def cut_differences(recorded: Any, ours: Any, same: Same, cut: dict[str, int]) -> Iterator[Difference]:
    """Differences where long lists were shortened to their first items: the rest of ours is left out as well."""
    for where in cut:
        *parents, last = where.split(".")
        old, new = recorded, ours
        for parent in parents:
            old = old.get(parent) if isinstance(old, dict) else None
            new = new.get(parent) if isinstance(new, dict) else None
        if isinstance(old, dict) and isinstance(new, dict) and isinstance(new.get(last), list):
            new[last] = _matching(old.get(last, []), new[last])
    yield from same.differences(recorded, ours)


def _matching(recorded: list[Any], ours: list[Any]) -> list[Any]:
    """Of ours, those that the shortened list shows, and else the first ones."""

    def mark(item: Any) -> str:
        return identity_of(item) if isinstance(item, dict) and identity_of(item) else json.dumps(item, sort_keys=True)

    wanted = {mark(item): number for number, item in enumerate(recorded)}
    found = sorted((item for item in ours if mark(item) in wanted), key=lambda item: wanted[mark(item)])
    return found if len(found) == len(recorded) else ours[: len(recorded)]

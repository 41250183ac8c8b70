"""The recorded exchanges with Heat, asked again of a cloud, and what differs in the answers.

What a service draws (ids, times, the twelve random characters of names) must have the same form, and stand for the same
thing from the first answer to the last; everything else must be equal, but for what `Answers` says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from mopenstack.cli.recording.differences import ID, Difference
from tests.conftest import Cloud, Reply, User
from tests.exchanges.compare import Same
from tests.exchanges.recorded import RecordedLine, lines

ONE, TWO, ADMINS = (
    "19efb747ed9b4b0db40eb8aab80e984a",
    "c1617f0eb92b4500bc919ad926e505a2",
    "7bd5810c0c954fbfa6dc4ab5f0119627",
)
"""The recorded projects pb-one, pb-two and admin."""
HEAT, KEYSTONE = "http://127.0.0.1:8004", "http://127.0.0.1:15000/v3"
_SHORT = re.compile(r"(?<=[-/])[a-z2-7]{12}(?![a-z0-9])|\A[a-z2-7]{12}\Z")
"""The random characters of a resource's physical name; members of scaling groups have no other name."""
_STRINGS = ("tf7icgGY8AEu", "KmXvEA7cIfV6")
"""The recorded values of the random string of the stack `pb-big`."""
_DRAWN = re.compile(f"{ID.pattern}|{_SHORT.pattern}")
_CUT = re.compile(r"(.)\1*<cut, (\d+) characters>")
"""A long text of one letter."""
_SET = re.compile(r"\{'[^{}:]+'\}")
_TOKEN = re.compile(r"(?<=X-Auth-Token: )[^']+")


FIXED = ("00000000-0000-0000-0000-00000000dead", "11111111-2222-3333-4444-555555555555")
"""Ids that the recorder chose."""


def _sets_in_order(text: str) -> str:
    """A text with what Python writes out of a set in the order of the alphabet."""
    return _SET.sub(lambda found: "{" + ", ".join(sorted(found[0][1:-1].split(", "))) + "}", text)


class Exchange(RecordedLine):
    """One line of the recordings."""

    @property
    def who(self) -> str:
        """Whose token the request had."""
        said, role = str(self.situation), str(self.line["as"])
        if role == "member" and "as other project" in said:
            return "stranger"
        return "second" if "second member" in said else role

    @property
    def key(self) -> str:
        return f"{self.situation} | {self.verb} {self.path} as {self.line['as']} | {self.status}"


def exchanges() -> list[Exchange]:
    return [Exchange(line) for line in lines("orchestration")]


class Answers(Same):
    """What makes two answers of Heat the same."""

    def text(self, recorded: str, ours: str) -> bool:
        if recorded in _STRINGS:
            return len(ours) == len(recorded) and self.ids.setdefault(recorded, ours) == ours
        recorded, ours = _sets_in_order(recorded), _sets_in_order(_TOKEN.sub("<token>", ours))
        before, after = _DRAWN.findall(recorded), _DRAWN.findall(ours)
        if len(before) != len(after) or self._form(_DRAWN.sub("<id>", recorded)) != self._form(
            _DRAWN.sub("<id>", ours)
        ):
            return False
        pairs = [pair for pair in zip(before, after, strict=True) if pair[0] not in FIXED]
        if any(self.ids.get(old, new) != new or (old in self.known and old != new) for old, new in pairs):
            return False
        self.ids |= {old: new for old, new in pairs if old != new}
        return True

    def of_values(self, recorded: Any, ours: Any, where: str) -> Iterator[Any]:
        if recorded == "<token>" and isinstance(ours, str) and ours:
            return
        yield from super().of_values(recorded, ours, where)

    def of_lists(self, recorded: list[Any], ours: list[Any], where: str) -> Iterator[Any]:
        if where == ".services":
            yield from super().of_lists(recorded, ours, where)
            return
        by = _ORDERED.get(where.rpartition(".")[2])
        if by is not None and all(isinstance(one, dict) for one in [*recorded, *ours]):
            recorded, ours = sorted(recorded, key=by), sorted(ours, key=by)
        elif where.endswith((".required_by", ".security_group_rules")):
            recorded, ours = sorted(recorded, key=_unlike), sorted(ours, key=_unlike)
        if len(recorded) != len(ours):
            yield Difference("values", where, f"{len(ours)} items, recorded {len(recorded)}")
            return
        for number, (old, new) in enumerate(zip(recorded, ours, strict=True)):
            yield from self.differences(old, new, f"{where}[{number}]")


def _unlike(one: Any) -> str:
    """What tells an item from the others, without what is drawn."""
    if isinstance(one, dict):
        one = {key: value for key, value in one.items() if not key.endswith(("id", "_at"))}
    return json.dumps(one, sort_keys=True)


def _named(one: dict[str, Any]) -> str:
    return _SHORT.sub("(drawn)", str(one.get("resource_name")))


def _told(one: dict[str, Any]) -> tuple[str, str]:
    return str(one.get("resource_name")), str(one.get("resource_status"))


_ORDERED: dict[str, Any] = {
    "outputs": lambda one: str(one.get("output_key")),
    "resources": _named,
    "events": _told,
    "unchanged": _named, "updated": _named, "replaced": _named, "added": _named, "deleted": _named,
}  # fmt: skip
"""Lists that Heat makes of Python's sets (`enabled_output_names`, `enabled_rsrc_names`), whose order is another one in
each of its processes, and events, which its processes write at the same time."""


class Stage:
    """The cloud, its users, and which of its ids stand for the recorded ones."""

    def __init__(self, cloud: Cloud, users: dict[str, User]) -> None:
        self.cloud, self.users = cloud, users
        self.ids = {
            ONE: users["member"].project_id, TWO: users["stranger"].project_id, ADMINS: users["admin"].project_id,
        }  # fmt: skip
        self.left = exchanges()
        self.found: dict[str, list[str]] = {}

    # -- the cloud

    async def profile(self, name: str) -> None:
        """How what is begun from now on goes on."""
        (await self.cloud.admin_api.put("_mopenstack", f"/clouds/{self.cloud.name}/profile", {"profile": name})).ok()

    async def complete(self) -> None:
        """End what is under way."""
        for _ in range(12):
            path = f"/clouds/{self.cloud.name}/complete"
            if not (await self.cloud.admin_api.post("_mopenstack", path)).ok()["completed"]:
                return

    async def advance(self, seconds: float) -> None:
        """Let time pass."""
        path = f"/clouds/{self.cloud.name}/clock/advance"
        (await self.cloud.admin_api.post("_mopenstack", path, {"seconds": seconds})).ok()

    # -- the exchanges

    async def ask(self, *situations: str) -> None:
        """Ask again what was recorded in each of these situations."""
        for situation in situations:
            found = [one for one in self.left if one.situation == situation]
            assert found, f"nothing is left that was recorded as {situation!r}"
            for one in found:
                await self.replay(one)

    async def ask_all(self, pattern: str) -> None:
        """Ask again what is left of the situations that a pattern matches from their beginning."""
        found = [one for one in self.left if re.match(pattern, one.situation)]
        assert found, f"nothing is left of {pattern!r}"
        for one in found:
            await self.replay(one)

    async def make(self, recorded_id: str, name: str, template: dict[str, Any], **more: Any) -> None:
        """Make a stack whose creation was not recorded."""
        user = self.users["member"]
        body = {"stack_name": name, "template": template, **more}
        stack = (await user.post("heat-api", f"/v1/{user.project_id}/stacks", body)).ok(201)["stack"]
        self.ids[recorded_id] = stack["id"]

    async def replay(self, one: Exchange) -> Reply:
        """Ask once; what differs is kept by the exchange's key."""
        self.left.remove(one)
        ours = await self._send(one)
        self.found[one.key] = list(self._compare(one, ours))
        return ours

    def ours(self, text: str) -> str:
        """A recorded text with our ids and addresses."""
        text = text.replace(HEAT, f"{self.cloud.url}/heat-api").replace(KEYSTONE, f"{self.cloud.url}/identity")
        text = ID.sub(lambda found: self.ids.get(found[0], found[0]), text)
        return _SHORT.sub(lambda found: self.ids.get(found[0], found[0]), text)

    async def _send(self, one: Exchange) -> Reply:
        request, options = one.request, {}
        if isinstance(request, dict) and "__text__" in request:
            options["data"] = request["__text__"].encode()
        elif "request" in one.line and request is not None:
            text = _CUT.sub(lambda found: found[1] * int(found[2]), json.dumps(request))
            options["data"] = self.ours(text).encode()
        if one.verb != "GET":
            options["headers"] = {"Content-Type": "application/json"}
        user = self.users[one.who]
        return await user.send(one.verb, "heat-api", self.ours(one.path), **options)

    def _compare(self, one: Exchange, ours: Reply) -> Iterator[str]:
        if ours.status != one.status:
            yield f"status {ours.status}, recorded {one.status}: {str(ours.body)[:300]}"
            return
        drawn = one.situation.startswith("neutron")  # addresses
        same = Answers(frozenset(user.project_id for user in self.users.values()), drawn, self.ids)
        body = None if ours.body == "" else ours.body
        if one.response is not None or body is not None:
            recorded = json.loads(self._placed(json.dumps(one.response)))
            yield from map(str, same.differences(*_uncut(recorded, body, one.cut or {})))
        for header, value in (one.response_headers or {}).items():
            got = ours.headers.get(header) or ""
            if not same.text(self._placed(value), got):
                yield f"header {header}: {got!r}, recorded {value!r}"

    def _placed(self, text: str) -> str:
        """A recorded text with our addresses and projects; other ids are compared by what they stand for."""
        text = text.replace(HEAT, f"{self.cloud.url}/heat-api").replace(KEYSTONE, f"{self.cloud.url}/identity")
        for recorded in (ONE, TWO, ADMINS):
            text = text.replace(recorded, self.ids[recorded])
        return text


def _uncut(recorded: Any, ours: Any, cut: dict[str, int]) -> tuple[Any, Any]:
    """Both, where long lists were shortened to their first items: the length must be the same, and of ours those that
    the shortened list shows are kept."""
    for key, length in cut.items():
        if not isinstance(ours, dict) or not isinstance(ours.get(key), list):
            continue
        wanted = [_mark(one) for one in recorded[key]]
        kept = [one for one in ours[key] if _mark(one) in wanted][: len(wanted)]
        recorded, ours = {**recorded, f"items of {key}": length}, {**ours, f"items of {key}": len(ours[key]), key: kept}
    return recorded, ours


def _mark(one: Any) -> Any:
    return _told(one) if isinstance(one, dict) else one

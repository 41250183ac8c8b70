"""Every recorded exchange with the real Swift, asked again.

Each is asked on the same stage: what it writes is undone. What the recorded calls had made before is on the stage, or
is made by the steps of `BEFORE`, by the words that a situation begins with. `golden/exchanges/object-store.tsv` lists
what differs and what cannot be compared, each with its reason.
"""

from __future__ import annotations

import csv
import hmac
import json
import os
import re
import time
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, quote, unquote

import pytest

from mopenstack.cli.recording.exchanges import read_lines
from tests.object_store.recorded_compare import lacking_keys, parsed, plain
from tests.object_store.recorded_stage import BEFORE, EMPTY, GONE, OBJECTS, SEGMENTS, Step, acl_steps
from tests.policy_stage import undoing

# As in conftest.py, which importlib mode does not let tests import.
User: TypeAlias = Any
Cloud: TypeAlias = Any
API = "object-store"
GOLDEN = Path(__file__).parent.parent / "golden" / "exchanges"
DIFFERS, NOT_COMPARABLE = "differs", "not comparable"
SAME_AT_LEAST, NOT_COMPARABLE_AT_MOST = 0.95, 0.05

OWN = ("510cba7a01334179b75eb0fa0524d510", "19efb747ed9b4b0db40eb8aab80e984a", "1b34dce8f7da4e69b751f6ff1d05a0f0")
"""Projects of the recorded member."""
_PROJECT = re.compile(r"AUTH_[0-9a-f]{32}")
_HMAC = re.compile(r"<hmac, (\d+) hex>")
_DIGESTS = {"40": "sha1", "64": "sha256", "128": "sha512"}
COMPARED = ("Content-Type", "Content-Range", "X-Copied-From", "X-Symlink-Target", "X-Static-Large-Object",
            "X-Object-Manifest", "Content-Disposition", "Content-Encoding", "Access-Control-Allow-Origin",
            "X-Container-Read", "X-Versions-Enabled", "X-Account-Status", "X-Parts-Count")  # fmt: skip
"""Headers that depend on no id, time or address."""

LIST_HEAD, NAME_MAX, REFUSED = 60, 200, 400
CONTAINER = 3
"""Slashes in the path of a container."""


def _exchanges() -> list[dict[str, Any]]:
    return list(read_lines(GOLDEN / "object-store.jsonl.xz"))


def _key(line: dict[str, Any]) -> str:
    path = _PROJECT.sub("AUTH", re.sub(r"\?.*", "", line["path"]))[:80]
    situation, verb = line.get("situation") or "(acceptance tests)", line["op"].split()[0]
    return f"{situation} | {verb} {path} {line['status']} as {line['as']}"


class Player:
    """Sends what was recorded, on the stage."""

    def __init__(self, cloud: Cloud, users: dict[str, User]) -> None:
        self.cloud, self.users = cloud, users
        self.member, self.other = users["member"], users["other"]
        self.version = ""
        self.lines = {line["situation"]: line for line in _exchanges() if line.get("situation")}
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}

    async def stage(self) -> None:
        """What the recorded calls had in their account."""
        put, root = self._put, f"/v1/AUTH_{self.member.project_id}"
        for name in (
            "c1",
            "c2",
            "o",
            "seg",
            "web",
            "acl",
            "ver",
            "lv",
            "lh",
            "bulk",
            "q",
            "cors",
            "container_1",
            "cx",
            "a-b",
            "a-c",
            "tf_test_container_1",
        ):
            (await self.member.put(API, f"{root}/{name}")).ok()
        for path, data in OBJECTS.items():
            await put(path, data)
        for n in range(3):
            await put(f"seg/s{n}", f"segment{n}-xxxxxxxxxx".encode())
            await put(f"seg/d/{n}", f"part{n}".encode())
        await put("web/404error.html", b"oops", {"Content-Type": "text/html"})
        await put("web/index.html", b"<h1>home</h1>", {"Content-Type": "text/html"})
        slo = {"X-Object-Meta-S": "1", "Content-Type": "text/plain"}
        await put("o/slo?multipart-manifest=put", json.dumps(SEGMENTS).encode(), slo)
        mixed = [{"path": "/seg/s0", "range": "0-3"}, {"data": "bWlk"}, {"path": "/seg/s1"}]
        await put("o/slo2?multipart-manifest=put", json.dumps(mixed).encode())
        for name in ("slo3", "slo4"):
            await put(f"o/{name}?multipart-manifest=put", json.dumps(SEGMENTS).encode())
        await put("o/slo5?multipart-manifest=put", json.dumps([{"path": "/o/slo"}]).encode())
        await put("tf_test_container_1/terraform/test/myfile.txt", b"x")
        await put("o/dlo", b"", {"X-Object-Manifest": "seg/d/"})
        await put("o/dlo0", b"", {"X-Object-Manifest": "zz/d/"})
        await put("o/dlo1", b"", {"X-Object-Manifest": "seg/none/"})
        for name in ("dlocopy", "slocopy2"):
            await put(f"o/{name}?multipart-manifest=put", json.dumps(SEGMENTS).encode(), slo)
        for name in ("slocopy", "cp9", "ex", "tp"):
            await put(f"o/{name}", b"x", {"X-Delete-After": "1000"} if name == "ex" else {})
        await put("o/slc2", b"", {"X-Symlink-Target": "o/t", "Content-Type": "application/symlink"})
        await put("o/sl", b"", {"X-Symlink-Target": "o/t", "Content-Type": "application/symlink"})
        await put("o/l1", b"", {"X-Symlink-Target": "o/l2"})
        await put("o/l2", b"", {"X-Symlink-Target": "o/l1"})
        for name in ("dir/", "/a//b"):
            await put(f"o/{name}", b"x")
        for path, headers in {
            "": {"X-Account-Meta-Temp-URL-Key": "key", "X-Account-Meta-Temp-URL-Key-2": "key"},
            "c2": {"X-Container-Read": ".r:*", "X-Container-Meta-A": "b"},
            "q": {"X-Container-Meta-Quota-Bytes": "20", "X-Container-Meta-Quota-Count": "2"},
            "cors": {"X-Container-Meta-Access-Control-Allow-Origin": "http://a.com", "X-Container-Read": ".r:*"},
            "ver": {"X-Versions-Enabled": "true"},
            "lh": {"X-Versions-Location": "lv"},
        }.items():
            (await self.member.post(API, f"{root}/{path}".rstrip("/"), headers=headers)).ok()
        for data in (b"v0", b"v1", b"v2"):
            await put("ver/o", data)
            await put("lh/o", data)
        listed = (await self.member.get(API, f"{root}/ver?versions&format=json")).ok()
        self.version = listed[2]["version_id"]
        gone = self.users["gone"]
        (await gone.put(API, f"/v1/AUTH_{gone.project_id}")).ok(201)
        (await self.users["member+ResellerAdmin"].delete(API, f"/v1/AUTH_{gone.project_id}")).ok(204)

    async def _put(self, path: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        kind = {"Content-Type": "application/octet-stream", **(headers or {})}
        root = f"/v1/AUTH_{self.member.project_id}"
        (await self.member.put(API, f"{root}/{path}", data=data, headers=kind)).ok()
        self.objects.setdefault(path, (data, headers or {}))

    def filled(self, text: str) -> str:
        """With this cloud's projects."""
        for project in OWN:
            text = text.replace(project, self.member.project_id)
        return text.replace("7beedb6607b647eb9380db0d4d26092c", self.other.project_id)

    def user(self, line: dict[str, Any]) -> User:
        situation = line.get("situation") or ""
        if situation in EMPTY + GONE and line["as"] == "member":
            return self.users["fresh" if situation in EMPTY else "gone"]
        if re.search(r"as other project|^other's|public container listing|as m2", situation):
            return self.other
        return self.users[line["as"]]

    def signed(self, verb: str, path: str, situation: str) -> str:
        """A path with a redacted signature, signed for this cloud."""
        found = _HMAC.search(path)
        if found is None:
            return path
        until = int(time.time()) + 1000
        path = re.sub(r"temp_url_expires=\d{9,}", f"temp_url_expires={until}", path)
        query = dict(parse_qsl(path.partition("?")[2]))
        if "T" in query["temp_url_expires"]:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(until))
            path = path.replace(query["temp_url_expires"], stamp).replace(quote(query["temp_url_expires"]), stamp)
        signed = path.partition("?")[0]
        if "temp_url_prefix" in query:
            head = "/".join(signed.split("/")[:4])
            signed = f"prefix:{head}/{query['temp_url_prefix']}"
        verb = "GET" if verb == "HEAD" else verb
        ip = f"ip={query['temp_url_ip_range']}\n" if "temp_url_ip_range" in query else ""
        key = b"wrong" if "wrong key" in situation else b"key"
        made = hmac.new(key, f"{ip}{verb}\n{until}\n{signed}".encode(), _DIGESTS[found[1]]).hexdigest()
        return path.replace(found[0], made)

    async def replay(self, line: dict[str, Any]) -> str:
        """What differs; nothing where it is as recorded."""
        verb = line["op"].split()[0]
        situation = line.get("situation") or ""
        steps = [*acl_steps(situation), *next((b for name, b in BEFORE.items() if situation.startswith(name)), ())]
        undo = [await self._make(step) for step in steps]
        first = self.lines.get(situation.removeprefix("head after ")) if situation.startswith("head after ") else None
        if first is not None:
            await self._send(first["op"].split()[0], first)
        try:
            engine = self.cloud.serving.engine
            transact = engine._tasks._transact
            with undoing(engine):
                engine._tasks._transact = engine.transact
                reply = await self._send(verb, line)
        finally:
            engine._tasks._transact = transact
            for step in filter(None, undo):
                await self._make(step)
            if first is not None:
                await self._restore(first["path"])
        return self.difference(line, reply, verb)

    async def _restore(self, path: str) -> None:
        """The object, or the container, as the stage has it."""
        name = unquote(path.partition("?")[0].split("/", 3)[3])
        root = f"/v1/AUTH_{self.member.project_id}"
        if "/" in name:
            await self._put_back(name)
        else:
            await self.member.delete(API, f"{root}/{name}")
            await self.member.put(API, f"{root}/{name}")

    async def _put_back(self, name: str) -> None:
        """An object as the stage has it, which it may have as a manifest."""
        manifest = f"{name}?multipart-manifest=put"
        path = manifest if manifest in self.objects else name
        await self._put(path, *self.objects.get(path, (b"x", {})))

    async def _make(self, step: Step) -> Step | None:
        """Do a step; the one that undoes it."""
        verb, path, headers, data = step
        if verb == "BACK":
            await self._put_back(path)
            return None
        if verb == "WAIT":
            moved = {"seconds": float(path)}
            (await self.cloud.anonymous.post("_mopenstack", f"/clouds/{self.cloud.name}/clock/advance", moved)).ok()
            return None
        user = self.users["member+ResellerAdmin"] if verb == "ADMIN" else self.member
        headers = {k: v.format(other=self.other.project_id, user=self.other.user_id) for k, v in headers.items()}
        root = f"/v1/AUTH_{self.member.project_id}"
        if verb in ("PUT", "DELETE"):
            (await user.send(verb, API, f"{root}/{path}", headers=headers, data=data)).ok()
            known = path in self.objects or f"{path}?multipart-manifest=put" in self.objects
            return ("BACK", path, {}, b"") if known else ("DELETE", path, {}, b"") if verb == "PUT" else None
        await user.post(API, f"{root}/{path}".rstrip("/"), headers=headers, data=data)
        before = {"ver": {"X-Versions-Enabled": "true"}, "lh": {"X-Versions-Location": "lv"}}.get(path)
        return verb, path, before or dict.fromkeys(headers, ""), b""

    async def _send(self, verb: str, line: dict[str, Any]) -> Any:
        situation = line.get("situation") or ""
        headers = {k: self.filled(v) for k, v in (line.get("request_headers") or {}).items()}
        shown, kind = line.get("response"), str((line.get("response_headers") or {}).get("Content-Type"))
        is_json = isinstance(shown, list) or (isinstance(shown, dict) and "__text__" not in shown)
        if situation.endswith("with Referer"):
            headers["Referer"] = "http://a.com/page"
        headers.setdefault("Accept", "application/json" if is_json or kind.startswith("application/json") else "*/*")
        request = line.get("request")
        options: dict[str, Any] = {}
        if isinstance(request, dict) and "__text__" in request:
            options["data"] = self._form(line, request["__text__"]).encode()
        elif request is not None:
            options["data"] = json.dumps(request).encode()
        elif verb in ("PUT", "POST"):
            options["data"] = b""
        if verb == "PUT" and "Content-Type" not in headers:
            options["skip_auto_headers"] = ("Content-Type",)
        user = self.user(line)
        path = self._path(verb, line)
        if user in (self.users["fresh"], self.users["gone"]):
            path = path.replace(self.member.project_id, user.project_id)
        return await user.send(verb, API, path, headers=headers, **options)

    def _form(self, line: dict[str, Any], text: str) -> str:
        """A form with a signature of this cloud's."""
        situation = line.get("situation") or ""
        if not situation.startswith("formpost"):
            return text
        until = str(int(time.time()) + (-10 if "expired" in situation else 1000))
        text = re.sub(r"(name=\"expires\"\r\n\r\n)\d+", rf"\g<1>{until}", text)
        given = dict(re.findall(r"name=\"(\w+)\"\r\n\r\n(.*?)\r\n", text))
        names = ("redirect", "max_file_size", "max_file_count", "expires")
        lines = [self.filled(line["path"]), *(given.get(name, "") for name in names)]
        key = b"other" if "wrong" in situation else b"key"
        return text.replace("<hmac>", hmac.new(key, "\n".join(lines).encode(), "sha256").hexdigest())

    def _path(self, verb: str, line: dict[str, Any]) -> str:
        """What is asked for; a container that is made is not there yet, and one that is deleted is empty."""
        path = self.filled(line["path"]).replace("1795852049.76447", self.version)
        where, question, query = path.partition("?")
        if where.count("/") == CONTAINER and not question:
            if verb == "PUT" and line["status"] == 201 and len(where) < NAME_MAX:
                where += "-new"
            elif verb == "DELETE" and line["status"] == 204:
                where = f"{where.rpartition('/')[0]}/container_1"
            elif verb == "HEAD" and line["status"] == 404:
                where += "-none"
        elif verb == "HEAD" and line["status"] == 404 and not line.get("situation"):
            where += "-none"
        return self.signed(verb, where + question + query, line.get("situation") or "")

    def difference(self, line: dict[str, Any], reply: Any, verb: str) -> str:
        if reply.status != line["status"]:
            return f"status {reply.status}, recorded {line['status']}: {str(reply.body)[:100]}"
        recorded = line.get("response_headers") or {}
        wrong = [
            f"{name} {reply.headers.get(name)!r}, recorded {recorded[name]!r}"
            for name in COMPARED
            if name in recorded and plain(str(recorded[name])) != plain(str(reply.headers.get(name)))
        ]
        if "Allow" in recorded and set(recorded["Allow"].split(", ")) != set(
            reply.headers.get("Allow", "").split(", ")
        ):
            wrong.append(f"Allow {reply.headers.get('Allow')}, recorded {recorded['Allow']}")
        body = line.get("response")
        text = body if isinstance(body, dict) and "__text__" in body and verb != "HEAD" else None
        if text is not None and (line["status"] >= REFUSED or "text/plain" not in str(recorded)):
            wrong += self._text(text, reply)
        elif isinstance(body, list | dict) and "__text__" not in body:
            wrong += lacking_keys(body, parsed(reply.content))
        return "; ".join(wrong)

    def _text(self, body: dict[str, Any], reply: Any) -> list[str]:
        wanted, got = plain(self.filled(body["__text__"])), plain(reply.content.decode("utf-8", "replace"))
        got = got.replace(f"/{API}/v1/", "/v1/")
        if (
            wanted.startswith(("<?xml", "<!DOCTYPE html>\n<html>\n <head>\n  <title>Listing"))
            and "name=" in wanted + "name="
        ):
            wanted = wanted[:LIST_HEAD]  # what is listed is the stage's
        return [] if wanted == got[: len(wanted)] else [f"{got[:200]!r}, recorded {wanted[:200]!r}"]


def _listed() -> dict[str, dict[str, str]]:
    with (GOLDEN / "object-store.tsv").open(encoding="utf-8") as lines:
        return {row["exchange"]: row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}


@pytest.fixture
async def player(cloud: Cloud, admin: User) -> Player:
    roles = {role["name"]: role["id"] for role in (await admin.get("identity", "/v3/roles")).ok()["roles"]}

    async def made(name: str, role: str, project: str) -> User:
        user = {"name": name, "password": "secret", "domain_id": "default"}
        id = (await admin.post("identity", "/v3/users", {"user": user})).ok(201)["user"]["id"]
        (await admin.put("identity", f"/v3/projects/{project}/users/{id}/roles/{roles[role]}")).ok(204)
        return await cloud.login({"id": id, "password": "secret"}, {"project": {"id": project}})

    async def project(name: str) -> str:
        body = {"project": {"name": name, "domain_id": "default"}}
        return str((await admin.post("identity", "/v3/projects", body)).ok(201)["project"]["id"])

    own, other = await project("own"), await project("m")
    member = await made("one", "member", own)
    users = {
        "member": member,
        "reader": await made("reads", "reader", own),
        "observer": await made("observes", "observer", own),
        "other": await made("m", "member", other),
        "fresh": await made("fresh", "member", await project("fresh")),
        "gone": await made("gone", "member", await project("gone")),
        "anonymous": cloud.anonymous,
        "admin": await made("stranger", "admin", other),
        "member+ResellerAdmin": admin,
        "service-or-invalid": type(member)(cloud.session, cloud.url, "invalid"),
    }
    found = Player(cloud, {**users, "admin": users["admin"]})
    found.users["admin"] = users["admin"]
    await found.stage()
    return found


async def test_exchanges_are_as_recorded(player: Player) -> None:
    lines = _exchanges()
    different = {}
    for line in lines:
        said = await player.replay(line)
        if said:
            different[_key(line)] = said
    if os.environ.get("UPDATE_GOLDEN"):
        _write(different)
    known = _listed()
    news = [f"{key}\n    {said[:300]}" for key, said in different.items() if key not in known]
    assert not news, f"{len(news)} differ from the recording:\n" + "\n".join(news)
    gone = sorted(set(known) - set(different))
    assert not gone, "listed, but as recorded (or not in the recording):\n" + "\n".join(gone)
    assert all(row["reason"] for row in known.values()), "a listed exchange without a reason"
    verdicts = [row["verdict"] for row in known.values()]
    assert set(verdicts) <= {DIFFERS, NOT_COMPARABLE}
    left_out = verdicts.count(NOT_COMPARABLE)
    assert left_out <= NOT_COMPARABLE_AT_MOST * len(lines), f"{left_out} of {len(lines)} cannot be compared"
    assert verdicts.count(DIFFERS) <= (1 - SAME_AT_LEAST) * (len(lines) - left_out)


def _write(different: dict[str, str]) -> None:
    path = GOLDEN / "object-store.tsv"
    known = _listed() if path.exists() else {}
    rows = [known.get(key, {"exchange": key, "verdict": DIFFERS, "reason": ""}) for key in sorted(different)]
    lines = ["exchange\tverdict\treason", *("\t".join((r["exchange"], r["verdict"], r["reason"])) for r in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

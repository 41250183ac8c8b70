"""Every recorded exchange with Trove, asked again on what it names.

The recordings show no order of time, so that what stands before an exchange is planted: the datastores of the recorded
cloud, and the instances, groups, modules and backups that its path and its bodies name, as other answers show them.
The recorded guests, servers and volumes were fakes of Trove's own, whose states are planted with the instance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mopenstack.compute.v2.servers.servers_pb2 import Server
from mopenstack.contract.calls import RequestContext
from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call
from mopenstack.database.v1 import configurations_pb2, modules_pb2
from mopenstack.database.v1.backups import backup_strategies_pb2, backups_pb2
from mopenstack.database.v1.datastores import datastores_pb2, parameters_pb2
from mopenstack.database.v1.instances.instances_pb2 import DeletedInstance, Instance
from mopenstack.database.v1.users import databases_pb2, users_pb2
from tests.conftest import Cloud, Reply, User
from tests.exchanges.compare import Same
from tests.exchanges.recorded import RecordedLine, lines
from tests.exchanges.replay import cut_differences

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ONE, TWO, ADMINS = (
    "19efb747ed9b4b0db40eb8aab80e984a",
    "c1617f0eb92b4500bc919ad926e505a2",
    "7bd5810c0c954fbfa6dc4ab5f0119627",
)
"""The recorded projects pb-one, pb-two and admin."""
UNKNOWN = "00000000-0000-0000-0000-00000000dead"
PLACE = re.compile(r"https?://127\.0\.0\.1:\d+(/cloud/[^/]+)?(/database)?")
KINDS: tuple[Any, ...] = (
    Instance, DeletedInstance, Server, backups_pb2.Backup, backup_strategies_pb2.BackupStrategy,
    configurations_pb2.Configuration, modules_pb2.Module,
    databases_pb2.Database, users_pb2.DatabaseUser, datastores_pb2.Datastore,
    datastores_pb2.DatastoreVersion, parameters_pb2.ParameterChange,
)  # fmt: skip
LEFT_OUT = {
    "local_storage", "used", "total", "ip", "addresses", "hostname", "is_public", "nextAvailable", "remaining",
    "server_id", "vcpus", "disk", "volume_id", "details",
}  # fmt: skip
"""What the fakes of the recorded cloud had, or had not, and no stored object says: the addresses of servers that were
no servers, what requests in between left of rates, Python's traces in faults."""


class Exchange(RecordedLine):
    """One line of the recordings."""

    @property
    def key(self) -> str:
        return f"{self.situation} | {self.verb} {self.path} as {self.line['as']} | {self.status}"


def exchanges() -> list[Exchange]:
    return [Exchange(line) for line in lines("database")]


class Pictures:
    """What the recordings show of instances, groups and modules, by ID."""

    def __init__(self) -> None:
        self.instances: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.modules: dict[str, dict[str, Any]] = {}
        for one in exchanges():
            if one.ok and isinstance(one.response, dict):
                kinds = (("instance", self.instances), ("configuration", self.groups), ("module", self.modules))
                for name, found in kinds:
                    shown = one.response.get(name)
                    for item in [shown] if isinstance(shown, dict) else one.response.get(f"{name}s", ()):
                        if isinstance(item, dict) and "id" in item and len(item) > len(found.get(item["id"], ())):
                            found[item["id"]] = item


class Stage:
    """The cloud, the users and the planted objects of the replay."""

    def __init__(self, cloud: Cloud, users: dict[str, User], image_id: str) -> None:
        self.cloud, self.users, self.image_id = cloud, users, image_id
        self.known = Pictures()
        admin = next(one for one in exchanges() if one.situation == "GET /mgmt/datastore-versions (initial) as admin")
        self.versions = admin.response["versions"]
        self.projects = {
            ONE: users["member"].project_id, TWO: users["stranger"].project_id, ADMINS: users["admin"].project_id,
        }  # fmt: skip

    def user(self, one: Exchange) -> User:
        if one.line["as"] == "anonymous" or one.line["as"].startswith("service"):
            return self.cloud.anonymous
        project = one.path.split("/")[2:3]
        if one.line["as"] == "member" and project == [TWO] and "path of another" not in one.situation:
            return self.users["stranger"]
        return self.users[one.line["as"]]

    async def replay(self, one: Exchange) -> list[str]:
        """Where our answer differs."""
        engine = self.cloud.serving.engine
        here = engine.clouds[self.cloud.name]
        planted: set[str] = set()

        async def plant(call: Call) -> None:
            for kind in KINDS:
                for kept in await call.tx.scan(kind):
                    await call.tx.delete(kind, kept.id)
            await self._quotas(call, one)
            for message in self._objects(call, one):
                planted.add(message.id)
                await call.tx.put(message)

        await engine.transact(here, RequestContext(cloud=self.cloud.name), plant)
        return list(self._compare(one, await self._send(one), frozenset(planted)))

    async def _quotas(self, call: Call, one: Exchange) -> None:
        for project in self.projects.values():
            await call.quota.reset_limits("database", project)
            used = await call.quota.usage("database", project)
            await call.quota.give("database", project, used)
        if "quota exceeded" in one.situation:
            limits = {"instances": 0, "volumes": 1}
            for name in ("member", "stranger"):
                await call.quota.set_limits("database", self.users[name].project_id, limits)

    # -- what is planted

    def _objects(self, call: Call, one: Exchange) -> Iterator[Any]:
        yield from self._datastores(call)
        answer = json.dumps(one.response)
        made = set(ID.findall(answer)) if one.verb == "POST" and one.ok and one.path.count("/") == 3 else set()
        named = dict.fromkeys(ID.findall(json.dumps([one.path, one.request, one.response])))
        gone = one.status == 404 and set(ID.findall(answer))
        for id in named:
            if id in made - set(ID.findall(json.dumps([one.path, one.request]))):
                continue
            if gone and id in gone and "other" not in one.situation:
                continue
            if id in self.known.instances:
                yield from self._instance(one, id)
            elif id in self.known.groups:
                yield self._group(id, self._shown(one, "configuration", id) or self.known.groups[id])
            elif id in self.known.modules:
                yield from self._module(one, id)
        yield from self._around(one)

    def _datastores(self, call: Call) -> Iterator[Any]:
        for place, shown in enumerate(self.versions):
            version = datastores_pb2.DatastoreVersion(
                id=shown["id"], datastore_id=shown["datastore_id"], name=shown["name"], version=shown["version"],
                manager=shown["datastore_manager"], image_id=self.image_id, active=shown["active"],
                registry_ext=shown["registry_ext"], repl_strategy=shown["repl_strategy"],
            )  # fmt: skip
            version.created_at.FromSeconds(1_700_000_000 + place)
            yield version
        for id, name in {(shown["datastore_id"], shown["datastore_name"]) for shown in self.versions}:
            default = [one["id"] for one in self.versions if one["datastore_id"] == id and one["default"]]
            store = datastores_pb2.Datastore(id=id, name=name, default_version_id=default[0] if default else "")
            store.created_at.FromSeconds(1_700_000_000)
            yield store

    def _shown(self, one: Exchange, name: str, id: str) -> dict[str, Any] | None:
        """What the answer itself shows of an object."""
        answer = one.response if isinstance(one.response, dict) and one.ok else {}
        for item in [answer.get(name), *(answer.get(f"{name}s") or ())]:
            if isinstance(item, dict) and item.get("id") == id:
                return item
        return None

    def _instance(self, one: Exchange, id: str) -> Iterator[Any]:
        shown = {**self.known.instances[id], **(self._shown(one, "instance", id) or {})}
        text = json.dumps(one.response)
        instance = Instance(
            id=id, name=shown["name"], project_id=self.users["member"].project_id, task=Instance.NONE,
            service=Instance.HEALTHY, flavor_id="1", ram=512, volume_size=shown.get("volume", {}).get("size", 2),
            datastore_version_id="4fdd75f1-e1c3-4d0c-b57c-4b7da7ed29fa", region="RegionOne", server_id=f"f{id[1:]}",
            volume_id="", image_id=self.image_id, locality=shown.get("locality", ""),
        )  # fmt: skip
        server: Server | None = Server(id=instance.server_id, status=Server.ACTIVE, name=instance.name)
        times = (("created_at", "created"), ("updated_at", "updated"), ("service_updated_at", "service_status_updated"))
        for field, key in times:
            stamp = getattr(instance, field)
            stamp.FromDatetime(datetime.fromisoformat(shown.get(key) or "2026-11-28T08:22:48"))
        now = self._shown(one, "instance", id) or {}
        status = now.get("status", "ACTIVE")
        if "configuration" in now:
            instance.configuration_id = now["configuration"]["id"]
        if "twice" in one.situation or "in use" in one.situation or "instances of configuration" in one.situation:
            instance.configuration_id = "a55c7406-e010-4eac-82a8-5c8c9e3457f0"
        if (not one.ok and "is not ready." in text) or status == "BUILD":
            instance.task, instance.service, server = Instance.BUILDING, Instance.NEW, None
            instance.server_id = ""
        elif status == "ERROR":
            instance.task, instance.server_id, server = Instance.BUILDING_ERROR_PORT, "", None
        elif status == "RESIZE" or "task status was RESIZING" in text:
            instance.task = Instance.RESIZING
        elif status == "REBOOT" or "task status was REBOOTING" in text:
            instance.task = Instance.REBOOTING
        elif status == "SHUTDOWN" or "while deleting" in one.situation:
            instance.task = Instance.DELETING
        elif "instance status was VERIFY_RESIZE" in text and server is not None:
            server.status = Server.VERIFY_RESIZE
        if "root after enable" in one.situation or "disable root" in one.situation:
            instance.root_history.user_id = "u"
        if "volume same" in one.situation:
            instance.volume_size = 2
        if "fault" in now:
            instance.fault.message = now["fault"]["message"]
            instance.fault.created.FromDatetime(datetime.fromisoformat(now["fault"]["created"]))
        yield instance
        if server is not None:
            yield server
        if "instance status was BACKUP" in text:
            yield self._backup(id)
        yield from self._guest(one, id)

    def _backup(self, instance_id: str) -> Any:
        backup = backups_pb2.Backup(
            id=UNKNOWN.replace("dead", "beef"), instance_id=instance_id, state=backups_pb2.Backup.BUILDING,
            project_id=self.users["member"].project_id,
        )  # fmt: skip
        backup.created_at.FromSeconds(1_700_000_000)
        backup.updated_at.FromSeconds(1_700_000_000)
        return backup

    def _guest(self, one: Exchange, id: str) -> Iterator[Any]:
        """The databases and users that the guest had."""
        names = ["d1"]
        answer = one.response if isinstance(one.response, dict) and one.ok else {}
        if isinstance(answer.get("databases"), list) and "/users/" not in one.path:
            names = [item["name"] for item in answer["databases"]] + ["z"] * ("links" in answer)
        if "already exists" in json.dumps(one.response) or (one.verb == "DELETE" and one.ok):
            names.append("d2")
        for name in names:
            yield databases_pb2.Database(id=f"{id}/{name}", instance_id=id, name=name)
        user = users_pb2.DatabaseUser(id=f"{id}/u1", instance_id=id, name="u1", host="%")
        user.databases.append("d1")
        yield user

    def _group(self, id: str, shown: dict[str, Any]) -> Any:
        known = {**self.known.groups[id], **shown}
        group = configurations_pb2.Configuration(
            id=id, name=known["name"], description=known["description"], project_id=self.users["member"].project_id,
            datastore_version_id=known["datastore_version_id"], values=to_struct(known.get("values") or {}),
        )  # fmt: skip
        for stamp, key in ((group.created_at, "created"), (group.updated_at, "updated")):
            stamp.FromDatetime(datetime.fromisoformat(known[key]))
        return group

    def _module(self, one: Exchange, id: str) -> Iterator[Any]:
        shown = self.known.modules[id]
        module = modules_pb2.Module(
            id=id, name=shown["name"], type=shown["type"], project_id=self.users["member"].project_id,
            apply_order=shown["apply_order"], md5=shown["md5"], visible=True,
        )  # fmt: skip
        for stamp, key in ((module.created_at, "created"), (module.updated_at, "updated")):
            stamp.FromDatetime(datetime.fromisoformat(shown[key]))
        yield module
        for number in range((self._shown(one, "module", id) or {}).get("instance_count", 0)):
            holder = Instance(id=f"{number}{UNKNOWN[1:]}", task=Instance.NONE, service=Instance.HEALTHY)
            holder.modules[id] = module.md5
            yield holder

    def _around(self, one: Exchange) -> Iterator[Any]:
        """Strategies that a list shows, a second page of instances, and a parameter that administrators made."""
        answer = one.response if isinstance(one.response, dict) and one.ok else {}
        for item in answer.get("backup_strategies", ()) if one.verb == "GET" else ():
            project_id = self.projects[item["project_id"]]
            yield backup_strategies_pb2.BackupStrategy(
                id=f"{project_id}/{item['instance_id']}", project_id=project_id, instance_id=item["instance_id"],
                backend=item["backend"], swift_container=item["swift_container"],
            )  # fmt: skip
        if "links" in answer and "instances" in answer:
            yield Instance(
                id="f" * 8 + UNKNOWN[8:], project_id=self.users["member"].project_id, task=Instance.NONE,
                service=Instance.HEALTHY,
            )  # fmt: skip
        if "delete configuration in use" in one.situation:
            yield from self._instance(one, "22382e8c-ea3a-43d1-8f7f-818bfd0aeb63")
        if one.situation in ("update parameter", "delete parameter", "create parameter: duplicate"):
            yield parameters_pb2.ParameterChange(
                id="x", version_id="4fdd75f1-e1c3-4d0c-b57c-4b7da7ed29fa", name="pbp", type="integer", maximum="5",
                minimum="1",
            )  # fmt: skip

    # -- the call

    async def _send(self, one: Exchange) -> Reply:
        headers = {"Accept": "application/json"}
        arguments: dict[str, Any] = {}
        if isinstance(one.request, dict) and "__text__" in one.request:
            arguments["data"] = one.request["__text__"].encode()
        elif "request" in one.line:
            arguments["data"] = self._ours(json.dumps(one.request)).encode()
        if "raw body empty" in one.situation:
            arguments["data"] = b""
        if one.verb in ("POST", "PUT", "PATCH"):
            headers["Content-Type"] = "application/json"
        user = self.user(one)
        if one.situation == "invalid token":
            user = User(user.session, user.url, "no-token")
        return await user.send(one.verb, "database", self._ours(one.path), headers=headers, **arguments)

    def _ours(self, text: str) -> str:
        for recorded, ours in self.projects.items():
            text = text.replace(recorded, ours)
        return text

    def _compare(self, one: Exchange, ours: Reply, known: frozenset[str]) -> Iterator[str]:
        if ours.status != one.status:
            yield f"status {ours.status}, recorded {one.status}: {str(ours.body)[:200]}"
            return
        if one.response is None:
            if ours.content:
                yield f"a body, recorded none: {ours.content[:100]!r}"
            return
        same = Same(known, written=True, ids=dict(self.projects))
        recorded, mine = (_places(document) for document in (one.response, ours.body))
        for document in (recorded, mine):
            _leave_out(document)
            if "limits" in document:
                document["limits"].sort(key=lambda item: (item["verb"], item.get("uri", "")))
        for found in cut_differences(recorded, mine, same, one.cut or {}):
            yield str(found)


def _leave_out(document: Any) -> None:
    """Drop what is left out."""
    if isinstance(document, dict):
        for key in [key for key in document if key in LEFT_OUT]:
            del document[key]
    for value in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        _leave_out(value)


def _places(document: Any) -> Any:
    """A document whose addresses begin behind the API's own."""
    return json.loads(PLACE.sub("http://place", json.dumps(document)))

"""Every recorded exchange with Mistral, asked again on what it names.

The recordings show no order of time, so that what stands before an exchange is gathered from them: the objects that its
path and bodies name are planted as other answers show them, in the project of the recorded member.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mopenstack.contract.calls import RequestContext
from mopenstack.core.engine.call import Call
from mopenstack.core.workflow.base import json_value
from mopenstack.core.workflow.language import texts
from mopenstack.workflow.v2 import members_pb2
from tests.conftest import Cloud, Reply, User
from tests.exchanges.compare import Same
from tests.exchanges.replay import cut_differences
from tests.workflow.exchanges import (
    BEFORE,
    CLAIMS,
    ID,
    KINDS,
    OTHER,
    OWN,
    PLACE,
    UNSEEN,
    Exchange,
    objects_in,
    pictures,
    shortened,
    spec_of,
    uncut,
)


class Stage:
    """The cloud, the users and the planted objects of the replay."""

    def __init__(self, cloud: Cloud, users: dict[str, User]) -> None:
        self.cloud, self.users, self.known = cloud, users, pictures()
        self.known.update({("workflows", id): {**one, "id": id} for id, one in self._unseen()})

    def _unseen(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for (collection, _), one in list(self.known.items()):
            name = one.get("workflow_name")
            if collection == "executions" and name in UNSEEN and one.get("workflow_id"):
                definition = f"version: '2.0'\n{name}: {UNSEEN[name]}\n"
                yield (
                    one["workflow_id"],
                    {"name": name, "definition": definition, "scope": "private", "created_at": "2026-11-28 08:00:00"},
                )

    def user(self, one: Exchange) -> User:
        recorded, said = str(one.line["as"]), str(one.situation)
        if one.status == 401 or recorded == "anonymous":
            return self.cloud.anonymous
        named = re.search(
            r"as other project|as m2$|of another project|shared workflow as member|delete share as member", said
        )
        if named or (said.startswith("accept share") and "as owner" not in said):
            return self.users["stranger"]
        return self.users.get(recorded, self.users["member"])

    async def replay(self, one: Exchange) -> list[str]:
        """Where our answer differs."""
        engine = self.cloud.serving.engine
        planted: set[str] = set()

        async def plant(call: Call) -> None:
            for kind in KINDS.values():
                for kept in await call.tx.scan(kind):
                    await call.tx.delete(kind, kept.id)
            names: set[tuple[str, ...]] = set()
            for collection, message in self._planted(one):
                if collection in CLAIMS and _named(message):
                    name = (collection, message.project_id, _namespace(message), message.name)
                    if name in names:  # recorded at other times
                        continue
                    names.add(name)
                planted.add(message.id)
                await call.tx.put(message, fresh=True)
                if collection in CLAIMS and _named(message):
                    key = f"{message.project_id}/{getattr(message, 'namespace', '')}/{message.name}"
                    await call.tx.claim(CLAIMS[collection], key, message)
                if collection == "event_triggers":
                    parts = (message.project_id, message.exchange, message.topic, message.event, message.workflow_id)
                    await call.tx.claim("workflow_event_trigger", "/".join(parts), message)
                if collection == "members":
                    key = f"{message.resource_id}/{message.member_id}"
                    await call.tx.claim("workflow_member", key, message)

        await engine.transact(engine.clouds[self.cloud.name], RequestContext(cloud=self.cloud.name), plant)
        return list(self._compare(one, await self._send(one), frozenset(planted)))

    # -- what is planted

    def _planted(self, one: Exchange) -> Iterator[tuple[str, Any]]:
        wanted: dict[tuple[str, str], dict[str, Any]] = {}
        shown = dict(self._shown(one))
        text = json.dumps([one.path, one.request, one.response])
        for id in dict.fromkeys(ID.findall(text)):
            for collection in KINDS:
                if (collection, id) in self.known:
                    wanted[(collection, id)] = self.known[(collection, id)]
        for collection, name in self._names(one):
            for (kind, id), picture in self.known.items():
                if kind == collection and picture.get("name") == name and not id.startswith("009de851"):
                    wanted[(kind, id)] = picture
        wanted.update(shown)
        for key in list(wanted):
            picture = wanted[key]
            workflow = ("workflows", picture.get("workflow_id") or "")
            if workflow in self.known:
                wanted.setdefault(workflow, self.known[workflow])
            source = ("code_sources", picture.get("code_source_id") or "")
            if source in self.known:
                wanted.setdefault(source, self.known[source])
            above = ("executions", picture.get("workflow_execution_id") or "")
            if above in self.known:
                wanted.setdefault(above, self.known[above])
        for key in list(self._gone(one, dict(wanted))):
            wanted.pop(key, None)
        if one.ok and one.verb == "GET" and one.parts and one.parts[-1] in KINDS and len(one.parts) == 1:
            wanted = {
                key: picture
                for key, picture in wanted.items()
                if key[0] != one.parts[0] or key in shown or key[1] in one.path
            }
        self._around(one, wanted)
        if re.search(r"delete workflow (ok|again)", one.situation):
            wanted = {key: one for key, one in wanted.items() if key[0] != "cron_triggers"}
        for (collection, id), picture in wanted.items():
            yield collection, self._message(one, collection, id, picture)
        if one.situation == "shared workflow as member":
            yield (
                "members",
                members_pb2.Member(
                    id="1" * 8,
                    resource_id=one.parts[1],
                    resource_type="workflow",
                    status="accepted",
                    project_id=self.users["member"].project_id,
                    member_id=self.users["stranger"].project_id,
                ),
            )

    def _around(self, one: Exchange, wanted: dict[tuple[str, str], dict[str, Any]]) -> None:
        """What neither path nor bodies name."""
        said, target = one.situation, one.parts[1] if len(one.parts) > 1 else ""
        if "list code sources" in said and one.status == 400:
            wanted[("code_sources", "2" * 8)] = {"name": "zz", "scope": "zz", "created_at": "2026-11-28 08:00:00"}
        if said == "create event trigger: duplicate":
            wanted.update({key: picture for key, picture in self.known.items() if key[0] == "event_triggers"})
        if said == "execution with named environment":
            for key in [key for key in wanted if key[0] == "environments"]:
                wanted[key] = {**wanted[key], "variables": '{"a": {"c": 2}}'}
        if said == "force delete running execution":
            wanted[("executions", target)] = {"workflow_name": "wfslow", "state": "RUNNING"}
        if said == "report statistics only":
            wanted.update({k: v for k, v in self.known.items() if v.get("workflow_execution_id") == target})
        if re.match(r"rerun|skip", said):
            for key in [key for key in wanted if key[0] == "executions"]:
                wanted[key] = {**wanted[key], "state": "ERROR"}
            output = json.dumps({"result": json.loads(one.response["result"])}) if one.ok else "{}"
            action = {"name": "std.fail", "task_execution_id": target, "state": "ERROR", "accepted": True}
            for key in [key for key, kept in wanted.items() if kept.get("task_execution_id") == target]:
                del wanted[key]
            wanted[("action_executions", "3" * 8)] = {**action, "output": output, "input": "{}"}
        without = ("members empty", "share workflow ok", "delete share as member")
        if "members" in one.parts and said not in without and one.parts[-1] != "zz" and one.status != 400:
            wanted.update({key: picture for key, picture in self.known.items() if key[0] == "members"})

    def _shown(self, one: Exchange) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
        if not one.ok or not isinstance(one.response, dict):
            return
        if one.verb == "PUT" and one.response.get("id") and one.parts[0] in KINDS and "members" not in one.parts:
            key, request = (one.parts[0], one.response["id"]), one.request if isinstance(one.request, dict) else {}
            there = {name: value for name, value in one.response.items() if name not in request}
            there["version"] = one.response.get("version", 1) - 1
            yield key, {**self.known.get(key, {}), **there}
        if one.verb != "GET":
            return
        collection = next((part for part in reversed(one.parts) if part in KINDS), "")
        for name, item in objects_in(one.response, collection):
            if item.get("id") and item.get("created_at") != "":
                picture = {**self.known.get((name, item["id"]), {}), **item}
                if name == "executions" and len(one.parts) > 2 and one.parts[2] == "workflow_executions":
                    picture["task_execution_id"] = one.parts[1]
                if name == "action_executions" and len(one.parts) > 2 and one.parts[0] == "tasks":
                    picture["task_execution_id"] = one.parts[1]
                yield (name, item["id"]), picture

    def _names(self, one: Exchange) -> Iterator[tuple[str, str]]:
        if len(one.parts) > 1 and one.parts[0] in KINDS:
            yield one.parts[0], one.parts[1]
        request = one.request if isinstance(one.request, dict) else {}
        if request.get("workflow_name"):
            yield "workflows", request["workflow_name"]
        if request.get("name") and one.parts:
            yield one.parts[0], request["name"]
            yield "actions", request["name"]
        if isinstance((request.get("params") or {}), dict) and isinstance(
            (request.get("params") or {}).get("env"), str
        ):
            yield "environments", request["params"]["env"]
        if request.get("code_source_name"):
            yield "code_sources", request["code_source_name"]
        if one.parts and one.parts[0] in ("workflows", "workbooks", "actions") and "__text__" in request:
            for name in re.findall(r"^(?:name: )?(\w[\w.]*):?\s*$", request["__text__"], re.MULTILINE):
                yield one.parts[0], name
        if one.parts and one.parts[0] == "code_sources":
            for name in re.findall(r"(?:name|identifier)=(\w+)", one.path):
                yield "code_sources", name

    def _gone(self, one: Exchange, wanted: dict[tuple[str, str], Any]) -> Iterator[tuple[str, str]]:
        """What is not there before the exchange."""
        answer = one.response if isinstance(one.response, dict) else {}
        if one.verb == "POST" and one.status == 201:
            collection = next((part for part in reversed(one.parts) if part in KINDS), "")
            for name, item in objects_in(answer, collection):
                if one.situation != "create execution: same id again":
                    yield name, str(item.get("id"))
                    for key, picture in wanted.items():
                        same = item.get("name") and picture.get("name") == item.get("name")
                        if key[0] == name and same and picture.get("namespace", "") == item.get("namespace", ""):
                            yield key
        said = str(answer.get("faultstring", ""))
        if one.status == 404 and "as other project" not in one.situation and " as m2" not in one.situation:
            for key, picture in wanted.items():
                is_named = key[1] in said or f"={picture.get('name')}" in said
                elsewhere = "namespace=zz" in said or "members" in one.parts
                if key[0] == one.parts[0] and is_named and not elsewhere:
                    yield key
                if key[0] == "members" and "delete" in one.situation:
                    yield key
        if one.verb == "DELETE" and one.parts[0] == "workflows" and one.ok:
            for key in wanted:
                if key[0] in ("cron_triggers", "event_triggers"):
                    yield key
        if re.search(r"run dynamic action", one.situation):
            for key in wanted:
                if key[0] == "dynamic_actions":
                    yield key

    def _message(self, one: Exchange, collection: str, id: str, picture: dict[str, Any]) -> Any:
        message = KINDS[collection](id=id)
        fields = message.DESCRIPTOR.fields_by_name
        for name, value in picture.items():
            field = fields.get(name)
            if field is None or value is None or name == "id":
                continue
            if field.message_type is not None and field.message_type.full_name.endswith("Timestamp"):
                getattr(message, name).FromDatetime(datetime.fromisoformat(value))
            elif field.message_type is not None:
                getattr(message, name).CopyFrom(json_value(value))
            elif field.is_repeated:
                getattr(message, name).extend(value)
            else:
                setattr(message, name, value if not isinstance(value, dict) else json.dumps(value))
        if not message.HasField("created_at"):
            message.created_at.FromDatetime(datetime(2026, 11, 28, 8, 0))
        message.project_id = self._project(one, collection, picture)
        target = len(one.parts) > 1 and one.parts[1] == id
        if target and one.situation in BEFORE and collection in ("executions", "tasks", "action_executions"):
            message.state = BEFORE[one.situation]
        self._inside(one, collection, message, picture)
        return message

    def _project(self, one: Exchange, collection: str, picture: dict[str, Any]) -> str:
        owner = picture.get("project_id")
        if owner and owner not in (OWN, OTHER):
            return self.users["admin"].project_id
        return self.users["stranger" if owner == OTHER else "member"].project_id

    def _inside(self, one: Exchange, collection: str, message: Any, picture: dict[str, Any]) -> None:
        if collection == "workflows":
            message.spec = json.dumps(spec_of(message.definition, message.name))
            if one.situation in ("public workflow as other project", "delete public workflow of another project"):
                message.scope = "public"
            elif "as other project" in one.situation or "as m2" in one.situation:
                message.scope = message.scope if message.name == "wfp" else "private"
            if one.verb == "POST" and "members" in one.parts:
                message.scope = "private"
        elif collection == "actions":
            message.spec = json.dumps(texts.read(message.definition)[message.name] | {"name": message.name})
        elif collection == "executions":
            definition = next(
                (
                    w["definition"]
                    for (k, i), w in self.known.items()
                    if k == "workflows" and w["name"] == message.workflow_name
                ),
                "",
            )
            for name in ("params", "input", "output"):
                if not message.HasField(name):
                    setattr(message, name, "{}")
            inside = {"spec": spec_of(definition, message.workflow_name), "context": {}, "accepted": False, "number": 0}
            message.inside = json.dumps({**inside, "runtime_context": {"index": 0}})
            if not message.published_global:
                message.published_global = "{}"
        elif collection == "tasks":
            root = self.known.get(("executions", message.workflow_execution_id), {})
            message.family = root.get("root_execution_id") or message.workflow_execution_id
            message.type = message.type or ("WORKFLOW" if message.workflow_name == "wfsub" else "ACTION")
            runtime = json.loads(message.runtime_context or "{}")
            inside = {"unique_key": "", "in_context": {}, "next_tasks": [], "has_next_tasks": False}
            inside |= {"error_handled": False, "runtime_context": runtime, "number": 0}
            message.inside = json.dumps({**inside, "published": json.loads(message.published or "{}")})
            if not message.HasField("result"):
                message.result = "null"
        elif collection == "action_executions":
            task = self.known.get(("tasks", message.task_execution_id), {})
            execution = task.get("workflow_execution_id", "")
            message.family = self.known.get(("executions", execution), {}).get("root_execution_id") or execution
            output = message.output.string_value
            inside = {"runtime_context": {"index": 0}, "is_sync": "async" not in message.name, "number": 0}
            inside |= {"output": json.loads(output) if output else None, "input": json.loads(message.input or "{}")}
            message.inside = json.dumps(inside)
            if not message.HasField("tags"):
                message.tags.CopyFrom(json_value(None))
            if not output:
                message.output.CopyFrom(json_value(None))
            if one.situation in BEFORE and message.state == "RUNNING":
                message.accepted = False
        elif collection == "cron_triggers":
            message.status = "waiting"
        elif collection == "members":
            message.member_id = self.users["stranger"].project_id
            if one.situation == "share workflow as other project":
                message.status = "accepted"
            message.status = message.status or "pending"
            if one.verb == "GET" or "accept" in one.situation:
                message.status = "pending"
                message.ClearField("updated_at")

    # -- the call

    async def _send(self, one: Exchange) -> Reply:
        headers = {"Accept": "application/json", **(one.request_headers or {})}
        arguments: dict[str, Any] = {}
        request = one.request
        if isinstance(request, dict) and "__text__" in request:
            arguments["data"] = request["__text__"].encode()
        elif "request" in one.line:
            arguments["data"] = self._theirs(json.dumps(request)).encode()
        if "raw body empty" in one.situation:
            arguments["data"] = b""
        if one.line["as"] == "service-or-invalid":
            headers["X-Auth-Token"] = "invalid"
        if one.verb in ("POST", "PUT") or "data" in arguments:
            headers.setdefault("Content-Type", "application/json")
        return await self.user(one).send(one.verb, "workflow", self._theirs(one.path), headers=headers, **arguments)

    def _theirs(self, text: str) -> str:
        return text.replace(OWN, self.users["member"].project_id).replace(OTHER, self.users["stranger"].project_id)

    def _compare(self, one: Exchange, ours: Reply, known: frozenset[str]) -> Iterator[str]:
        if ours.status != one.status:
            yield f"status {ours.status}, recorded {one.status}: {str(ours.body)[:300]}"
            return
        recorded = one.response
        if isinstance(recorded, dict) and "__text__" in recorded:
            if ours.content.decode() != recorded["__text__"]:
                yield f"{ours.content.decode()}, recorded {recorded['__text__']}"
        elif recorded is not None:
            text = json.dumps(ours.body).replace(f"{self.cloud.url}/workflow", PLACE)
            same = Same(known, one.verb not in ("GET", "HEAD"))
            yield from map(
                str, cut_differences(uncut(recorded), shortened(recorded, json.loads(text)), same, one.cut or {})
            )
        for header, value in (one.response_headers or {}).items():
            got = (ours.headers.get(header) or "").replace(f"{self.cloud.url}/workflow", PLACE)
            if header in ("WWW-Authenticate", "Content-Type"):
                continue
            if not Same(known, True).text(value, got):
                yield f"header {header}: {got!r}, recorded {value!r}"


def _namespace(message: Any) -> str:
    return str(message.namespace) if "namespace" in message.DESCRIPTOR.fields_by_name else ""


def _named(message: Any) -> bool:
    return bool(getattr(message, "name", ""))

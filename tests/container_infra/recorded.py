"""Every recorded exchange with Magnum, asked again on what it names.

The recordings show no order of time, so that what stands before an exchange is gathered from them: the templates,
clusters, node groups and quotas that its path, its request or its answer name are planted as other answers show them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from mopenstack.container_infra.v1 import cluster_templates_pb2, clusters_pb2, nodegroups_pb2, quotas_pb2
from mopenstack.contract.calls import RequestContext
from mopenstack.contract.operations import field_rules, is_map, wire_key
from mopenstack.core.engine.call import Call
from tests.conftest import Cloud, Reply, User
from tests.exchanges.compare import Same
from tests.exchanges.recorded import RecordedLine, lines

PLACE = "http://127.0.0.1:9511"
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
TEMPLATE, CLUSTER = "9b109e28-3205-47f5-a19f-9cab07d2116f", "3b31c158-a9f9-48c5-84a7-b9c318bb4cfa"
TWINS = {TEMPLATE: "8bf74083-6265-477f-9d5a-0750d4c14a85", CLUSTER: "7f535ac3-b4c5-4786-a8fb-1ad1cb4083e9"}
LIVE, LIVE_TEMPLATE = "d24ca274-65af-4740-83a0-dd31a53a3d29", "28a780db-3fb8-4274-b93c-83f82594a55f"
FOR_QUOTA, PUBLIC = "198724d8-de4c-4af8-b28d-9b1effd69088", "50a324ae-d8cb-475e-871d-5adf1f1dadf4"
IMAGE, NETWORK = "80de0cd7-fd68-4484-8a96-ed7ab75a0aad", "ecfc374f-4afa-439e-b4c2-7d9f200d6932"
ONE, QUOTA, TWO = (
    "19efb747ed9b4b0db40eb8aab80e984a",
    "722ea0b618584196aa7aface746a3852",
    "7beedb6607b647eb9380db0d4d26092c",
)
"""The recorded projects: of the member, of the user whose quota is set, of another member."""
KINDS: tuple[Any, ...] = (
    cluster_templates_pb2.ClusterTemplate,
    clusters_pb2.Cluster,
    nodegroups_pb2.NodeGroup,
    quotas_pb2.Quota,
)
SIMPLE = {
    "name": "ct", "coe": "kubernetes", "image_id": IMAGE, "server_type": "vm", "cluster_distro": "fedora-coreos",
    "flavor_id": "m1.small", "master_flavor_id": "m1.small",
}  # fmt: skip
"""A template that no answer shows."""
COUNTED = {".mservices[0].report_count", ".id", ".quotas[0].id", ".mservices[0].host"}
"""What is counted, or named after the cloud."""


class Exchange(RecordedLine):
    """One line of the recordings."""

    @property
    def key(self) -> str:
        at = f" at {self.microversion.split()[-1]}" if self.microversion else ""
        return f"{self.situation} | {self.verb} {self.path} as {self.line['as']}{at} | {self.status}"

    @property
    def text(self) -> str:
        return json.dumps([self.path, self.request, self.response])


def exchanges() -> list[Exchange]:
    return [Exchange(line) for line in lines("container-infra")]


def pictures() -> dict[str, dict[str, Any]]:
    """What the recordings show of each template, cluster and node group: the longest answer about it."""
    found: dict[str, dict[str, Any]] = {}

    def look(document: Any) -> None:
        if isinstance(document, list):
            for item in document:
                look(item)
        elif isinstance(document, dict):
            id = document.get("uuid")
            if isinstance(id, str) and "name" in document and len(document) > len(found.get(id, {})):
                found[id] = document
            for value in document.values():
                look(value)

    for one in exchanges():
        if one.status < 300 and one.verb in ("GET", "POST"):
            look(one.response)
    return found


class Stage:
    """The cloud, its users and the planted objects of the replay."""

    def __init__(self, cloud: Cloud, users: dict[str, User], network: str) -> None:
        self.cloud, self.users, self.known = cloud, users, pictures()
        self.ids = {
            ONE: users["member"].project_id,
            QUOTA: users["quota"].project_id,
            TWO: users["stranger"].project_id,
            NETWORK: network,
        }

    def ours(self, value: Any) -> Any:
        """A recorded value with the ids that stand in this cloud."""
        text = json.dumps(value)
        for recorded, id in self.ids.items():
            text = text.replace(recorded, id)
        return json.loads(text.replace(PLACE, f"{self.cloud.url}/container-infra"))

    def user(self, one: Exchange) -> User:
        recorded, said = str(one.line["as"]), str(one.situation)
        if one.status == 401 or recorded == "anonymous":
            return self.cloud.anonymous
        if "other project" in said or "another project" in said:
            return self.users["stranger"]
        if "as mq" in said or "cluster quota" in said:
            return self.users["quota"]
        return self.users.get(recorded, self.users["member"])

    async def replay(self, one: Exchange) -> list[str]:
        """Where our answer differs."""
        engine = self.cloud.serving.engine
        planted: set[str] = set()

        async def plant(call: Call) -> None:
            for kind in KINDS:
                for kept in await call.tx.scan(kind):
                    await call.tx.delete(kind, kept.id)
            for project in await call.quota.projects("container_infra"):
                await call.quota.reset_limits("container_infra", project)
            for number, message in enumerate(self._objects(one)):
                message.row = number + 1
                planted.add(message.id)
                await call.tx.put(message, fresh=True)
                if isinstance(message, quotas_pb2.Quota):
                    limits = {"clusters": message.hard_limit}
                    await call.quota.set_limits("container_infra", message.project_id, limits)

        here = engine.clouds[self.cloud.name]
        await engine.transact(here, RequestContext(cloud=self.cloud.name), plant)
        return list(self._compare(one, await self._send(one), frozenset(planted)))

    # -- what is planted

    def _objects(self, one: Exchange) -> Iterator[Any]:
        for id in self._named(one):
            picture = self.known.get(id) or SIMPLE
            if "cluster_template_id" in picture:
                yield self._cluster(one, id, picture)
                yield from self._groups(one, id)
            elif "cluster_id" not in picture and "role" not in picture:
                yield self._template(one, id, picture)
        quota = self._quota(one)
        if quota is not None:
            yield quota

    def _named(self, one: Exchange) -> list[str]:
        """The ids of the templates and clusters that stand before an exchange, in the order of their rows."""
        made = one.response.get("uuid") if one.verb == "POST" and isinstance(one.response, dict) else None
        gone = re.search(r"(?:Cluster|ClusterTemplate) ([0-9a-f-]{36}) could not", one.text)
        here = [] if "other project" in str(one.situation) else [gone[1]] if gone else []
        found = [id for id in UUID.findall(one.text) if (id != made or "actions" in one.path) and id not in here]
        if "stats with clusters" in one.situation:
            found += [CLUSTER, TWINS[CLUSTER]]
        if "CREATE_FAILED: stats" in one.situation:
            found.append(LIVE)
        if one.status == 409 and ("/c1" in one.path or "/ct" in one.path):
            found += [id for pair in TWINS.items() for id in pair]
        if "in use" in one.situation or "is referenced by" in one.text:
            found.append(CLUSTER)
        known = [id for id in found if id in self.known or id in (FOR_QUOTA, LIVE_TEMPLATE)]
        needed = [self.known.get(id, {}).get("cluster_template_id") for id in known]
        listed = [id for id in known if id not in needed]
        return list(dict.fromkeys([*filter(None, needed), *listed]))

    def _fill(self, message: Any, picture: dict[str, Any]) -> Any:
        """A message with what an answer shows."""
        for field in message.DESCRIPTOR.fields:
            value = picture.get(wire_key(field))
            if value is None or field_rules(field).links or field.name == "row" or "labels_" in field.name:
                continue
            if field.message_type is not None and not is_map(field):
                if field.name != "faults":
                    getattr(message, field.name).FromDatetime(datetime.fromisoformat(value))
            elif is_map(field):
                getattr(message, field.name).update(value)
            elif field.is_repeated:
                getattr(message, field.name).extend(value)
            else:
                setattr(message, field.name, value)
        return message

    def _template(self, one: Exchange, id: str, picture: dict[str, Any]) -> Any:
        shown = self._shown(one, id) or picture
        if id == TEMPLATE and "/clusters" in one.path:
            shown = {**shown, "labels": {"a": "b", "x": "y"}}
        message = self._fill(cluster_templates_pb2.ClusterTemplate(), self.ours({**picture, **shown}))
        owner = self.users["admin" if id == PUBLIC else "quota" if id == FOR_QUOTA else "member"]
        message.id, message.project_id, message.user_id = id, owner.project_id, owner.user_id
        for operation in one.request if one.verb == "PATCH" and one.status < 300 and id in one.path else ():
            self._before(message, operation)
        return message

    def _before(self, message: Any, operation: dict[str, Any]) -> None:
        """A template as it was before a patch whose outcome is recorded."""
        name, _, label = operation["path"][1:].partition("/")
        if label:
            message.labels.pop(label, None)
        elif operation["op"] == "remove":
            setattr(message, name, "8.8.8.8")
        elif name == "name":
            message.name = "before"

    def _shown(self, one: Exchange, id: str) -> dict[str, Any] | None:
        """What the answer itself says of an object."""
        if not isinstance(one.response, dict) or one.status >= 300:
            return None
        items = [one.response, *(item for value in one.response.values() if isinstance(value, list) for item in value)]
        found = [item for item in items if isinstance(item, dict) and item.get("uuid") == id and len(item) > 1]
        return found[0] if found else None

    def _cluster(self, one: Exchange, id: str, picture: dict[str, Any]) -> Any:
        message = self._fill(clusters_pb2.Cluster(), self.ours({**picture, **(self._shown(one, id) or {})}))
        owner = self.users["member"]
        message.id, message.project_id, message.user_id = id, owner.project_id, owner.user_id
        if "CREATE_FAILED" in one.situation or not message.status:
            message.status = "CREATE_FAILED"
        return message

    def _groups(self, one: Exchange, cluster_id: str) -> Iterator[Any]:
        shown = one.response.get("nodegroups") if isinstance(one.response, dict) and one.status < 300 else None
        if isinstance(one.response, dict) and "role" in one.response:
            shown = [one.response]
        known = {item["role"]: item for item in shown or ()}
        for number, role in enumerate(("master", "worker")):
            picture = known.get(role) or {"uuid": f"{number}0000000{cluster_id[8:]}", "name": f"default-{role}"}
            defaults = {"role": role, "node_count": 1, "is_default": True, "image_id": IMAGE, "flavor_id": "m1.small"}
            group = self._fill(nodegroups_pb2.NodeGroup(), {**defaults, **self.ours(picture)})
            group.cluster_id, group.project_id = cluster_id, self.users["member"].project_id
            group.status = group.status or "CREATE_IN_PROGRESS"
            group.created_at.FromDatetime(datetime(2026, 11, 28))
            yield group

    def _quota(self, one: Exchange) -> Any:
        """The quota of the project that has one, where the exchange depends on it."""
        shown = one.response if isinstance(one.response, dict) and one.status < 300 else {}
        listed = shown.get("quotas") or []
        needed = "cluster quota 0" in one.situation or "duplicate" in one.situation or listed
        needed = needed or (QUOTA in one.path and one.status < 300)
        if not needed or ("/quotas" not in one.path and "cluster quota" not in one.situation):
            return None
        quota = quotas_pb2.Quota(id="q", project_id=self.users["quota"].project_id, resource="Cluster")
        quota.hard_limit = 0 if one.verb == "PATCH" else shown.get("hard_limit", 0)
        quota.created_at.FromDatetime(datetime(2026, 11, 28))
        return quota

    # -- asked and compared

    async def _send(self, one: Exchange) -> Reply:
        headers = {"OpenStack-API-Version": one.microversion} if one.microversion else {}
        if one.microversion and " " not in one.microversion:
            headers = {"OpenStack-API-Version": f"container-infra {one.microversion}"}
        request, path = self.ours(one.request), self.ours(one.path)
        user = self.user(one)
        if one.line["as"] == "service-or-invalid":
            user = User(self.cloud.session, self.cloud.url, "wrong")
        if isinstance(request, dict) and "__text__" in request:
            headers["Content-Type"] = "application/json"
            return await user.send(one.verb, "container-infra", path, data=request["__text__"], headers=headers)
        return await user.send(one.verb, "container-infra", path, request, headers=headers)

    def _compare(self, one: Exchange, ours: Reply, known: frozenset[str]) -> Iterator[str]:
        if ours.status != one.status:
            yield f"status {ours.status}, recorded {one.status}: {ours.body}"
            return
        recorded = self.ours(one.response)
        if recorded is not None and one.status != 401:
            same = Same(known, True)
            for found in same.differences(recorded, ours.body):
                drawn = found.where == ".name" and "(generated)" in one.situation
                if found.where not in COUNTED and not drawn and not str(found.where).endswith((".pem", ".user_id")):
                    yield str(found)
        for header, value in (one.response_headers or {}).items():
            got = ours.headers.get(header) or ""
            if header == "WWW-Authenticate":
                continue
            if not Same(known, True).text(self.ours(value), got):
                yield f"header {header}: {got!r}, recorded {value!r}"

"""The stage of the policy matrix: who calls, on what, with which words.

An object of every kind stands there, in the member's project. Most are hardly more than an id, which is enough for a
declared policy; those that the core's own rules look at are filled in far enough for their operation to end well.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from google.protobuf.message import Message

from mopenstack.container_infra.v1.nodegroups_pb2 import NodeGroup
from mopenstack.contract.calls import RequestContext
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.engine import Engine
from mopenstack.core.identity.credential.credentials import EC2, hash_access_key
from mopenstack.core.image.images.images import member_key
from mopenstack.database.v1.instances.instances_pb2 import DeletedInstance, Instance
from mopenstack.gateway.answers.checker import CheckedRenderer
from mopenstack.identity.v3.assignment.grants_pb2 import Grant
from mopenstack.identity.v3.credential.credentials_pb2 import Credential
from mopenstack.identity.v3.identity.groups_pb2 import Membership
from mopenstack.identity.v3.resource.domain_configs_pb2 import DomainConfig
from mopenstack.image.v2.images.images_pb2 import Image
from mopenstack.image.v2.images.members_pb2 import Member
from mopenstack.network.v2.core.auto_allocated_topologies_pb2 import AutoAllocation
from mopenstack.object_store.v1.accounts_pb2 import Account
from mopenstack.object_store.v1.containers_pb2 import Container
from mopenstack.object_store.v1.objects_pb2 import Object as StoredObject
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume
from tests.conftest import Cloud, User
from tests.policy_objects import ACTIVE, FILLED, LENT, PLANTED, SECOND_STORE, TEMPLATE

ROLES = ("system admin", "admin", "manager", "member", "reader", "another project", "nobody")
KEY_MANAGER = "mopenstack.key_manager.v1"
OWN_ROLES: dict[str, tuple[str, ...]] = {
    KEY_MANAGER: ("project admin", "creator", "observer", "audit", "key-manager:service-admin")
}
"""Package -> further columns: users in the project that owns the objects, whose roles that service alone knows."""


class Stage:
    """`users` by the names of the columns; `values` of the variables of paths and of fields with their names."""

    def __init__(self, users: dict[str, User], role_id: str) -> None:
        self.users = users
        self.owner = users["member"]
        self.stranger = users["another project"]
        self.ids = {"project": self.owner.project_id, "user": self.owner.user_id, "domain": "default", "role": role_id}
        """Kind -> id, of what is not PLANTED."""
        self.values = {
            "project_id": self.owner.project_id,
            "user_id": self.owner.user_id,
            "trustor_user_id": self.owner.user_id,
            "domain_id": "default",
            "network_id": PLANTED,
            "role_id": role_id,
            "member_id": self.stranger.project_id,
            "project": self.owner.project_id,
            "resource_type": "networks",
            "rule_type": "bandwidth_limit",
            "store_id": SECOND_STORE,
            "account": f"AUTH_{self.owner.project_id}",
        }


async def set_up(cloud: Cloud, admin: User) -> Stage:
    """Make the users and plant the objects."""
    roles = {role["name"]: role["id"] for role in (await admin.get("identity", "/v3/roles")).ok()["roles"]}

    async def made(name: str, role: str, project: str) -> User:
        user = {"name": name, "password": "secret", "domain_id": "default"}
        created = (await admin.post("identity", "/v3/users", {"user": user})).ok(201)["user"]
        path = f"/v3/projects/{project}/users/{created['id']}/roles/{roles[role]}"
        (await admin.put("identity", path)).ok(204)
        return await cloud.login({"id": created["id"], "password": "secret"}, {"project": {"id": project}})

    async def project(name: str) -> str:
        body = {"project": {"name": name, "domain_id": "default"}}
        return str((await admin.post("identity", "/v3/projects", body)).ok(201)["project"]["id"])

    own, other = await project("own"), await project("other")
    root = {"name": "admin", "domain": {"id": "default"}, "password": "secret"}
    users = {
        "system admin": await cloud.login(root, {"system": {"all": True}}),
        "admin": admin,
        "manager": await made("manager", "manager", own),
        "member": await made("member", "member", own),
        "reader": await made("reader", "reader", own),
        "another project": await made("stranger", "member", other),
        "nobody": cloud.anonymous,
    }
    for role in OWN_ROLES[KEY_MANAGER]:
        users[role] = await made(role, role.removeprefix("project "), own)
    stage = Stage(users, roles["member"])
    await _plant(cloud, stage)
    return stage


@contextmanager
def undoing(engine: Engine) -> Iterator[None]:
    """Calls do their work and answer, and what they wrote is undone: none changes the stage of the next."""
    transact = engine.transact

    async def undone(
        cloud: Any,
        context: RequestContext,
        run: Callable[[Call], Awaitable[Any]],
        operation: Operation | None = None,
        *,
        asked: bool = True,
    ) -> Any:
        async def work(call: Call) -> Any:
            raise _Done(await run(call))

        try:
            return await transact(cloud, context, work, operation, asked=asked)
        except _Done as done:
            return done.result

    engine.transact = engine.uploads.transact = undone  # type: ignore[method-assign]
    try:
        yield
    finally:
        engine.transact = engine.uploads.transact = transact  # type: ignore[method-assign]


def forget_violations(cloud: Cloud) -> None:
    """The stage's objects are hardly more than an id: what is published of them does not hold. Failures stay."""
    renderer = cloud.serving.app.renderer
    assert isinstance(renderer, CheckedRenderer)
    renderer.checks.violations.clear()


class _Done(Exception):
    """Ends a transaction that is to be undone."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


async def _plant(cloud: Cloud, stage: Stage) -> None:
    engine = cloud.serving.engine
    here = engine.clouds[cloud.name]
    await cloud.serving.administration.set_options(
        here,
        {
            "image.further_stores": SECOND_STORE,
            "image.web_download": "stand-in",
            "key_manager.secret_stores": "two",
            "orchestration.enable_stack_abandon": "true",
        },
    )

    async def run(call: Call) -> None:
        for name, message in engine.registry.contract.resources.items():
            fields = message.DESCRIPTOR.fields_by_name
            if name not in stage.ids and "id" in fields and fields["id"].type == fields["id"].TYPE_STRING:
                await call.tx.put(_planted(call, message, stage), fresh=True)
        for special in _specials(stage):
            await call.tx.put(special, fresh=True)

    await engine.transact(here, RequestContext(cloud=cloud.name), run)


def _planted(call: Call, message: type[Message], stage: Stage) -> Message:
    """Something of a kind, that belongs to the member and to whatever else was planted."""
    planted: Any = message()
    fields = message.DESCRIPTOR.fields_by_name
    project = stage.owner.project_id
    known: dict[str, Any] = {"id": PLANTED, "project_id": project, "owner_project_id": project, "owner": project}
    known |= {"user_id": stage.owner.user_id, "trustor_user_id": stage.owner.user_id, "domain_id": "default"}
    known["creator_id"] = stage.owner.user_id
    if message.DESCRIPTOR.name.endswith("Rule"):
        known["qos_policy_id"] = PLANTED
    for key, value in known.items():
        if key in fields and fields[key].type == fields[key].TYPE_STRING and not fields[key].is_repeated:
            setattr(planted, key, value)
    if "is_public" in fields:
        planted.is_public = True
    if "namespace" in fields:
        planted.namespace = PLANTED
    if "tags" in fields and fields["tags"].is_repeated and fields["tags"].type == fields["tags"].TYPE_STRING:
        planted.tags.append(PLANTED)
    if "created_at" in fields and fields["created_at"].message_type is not None:
        call.stamp(planted.created_at)
    if isinstance(planted, Image):
        planted.status, planted.visibility = Image.QUEUED, Image.SHARED
        planted.disk_format, planted.container_format = "raw", "bare"
        planted.properties[PLANTED] = "x"
    elif isinstance(planted, DeletedInstance):
        planted.instance.service, planted.instance.task = Instance.SERVICE_DELETED, Instance.NONE
    elif isinstance(planted, Instance):
        planted.root_history.user_id = stage.owner.user_id
    elif isinstance(planted, Volume):
        planted.status = Volume.AVAILABLE
    elif isinstance(planted, Snapshot):
        planted.status, planted.volume_id = Snapshot.AVAILABLE, planted.project_id  # the volume has none: it can go
    for key, value in FILLED.get(message, {}).items():
        if isinstance(value, list):
            getattr(planted, key).extend(value)
        elif isinstance(value, dict):
            getattr(planted, key).update(value)
        else:
            setattr(planted, key, value)
    result: Message = planted
    return result


HEADERS = {"object_store.v1.CopyObject": {"Destination": f"{PLANTED}/copy"}}
"""RPC -> headers without which it is refused whoever asks."""


def _specials(stage: Stage) -> list[Message]:
    """What is found by other ids, or stands in another state."""
    owner, role = stage.owner, stage.ids["role"]
    account = stage.values["account"]
    image: dict[str, Any] = {"project_id": owner.project_id, "visibility": Image.SHARED}
    key = json.dumps({"access": PLANTED, "secret": "x"})
    config = DomainConfig(id="default")
    config.options.update({"identity": {"driver": "ldap"}})
    return [
        NodeGroup(
            id=ACTIVE, cluster_id=PLANTED, name="default-master", role="master", is_default=True,
            status="CREATE_COMPLETE", project_id=owner.project_id,
        ),
        Image(id=ACTIVE, status=Image.ACTIVE, stores=f"fs,{SECOND_STORE}", **image),
        Image(id=LENT, status=Image.ACTIVE, **image),
        Member(
            id=member_key(LENT, stage.stranger.project_id), image_id=LENT, member_id=stage.stranger.project_id,
            status="pending",
        ),
        Credential(
            id=hash_access_key(PLANTED), type=EC2, user_id=owner.user_id, owner_project_id=owner.project_id, blob=key
        ),
        Membership(id=f"{PLANTED}:{owner.user_id}", group_id=PLANTED, user_id=owner.user_id),
        Grant(
            id=f"{owner.user_id}:{owner.project_id}:{role}:inherited", user_id=owner.user_id, role_id=role,
            target_id=owner.project_id, inherited=True,
        ),
        AutoAllocation(id=owner.project_id, network_id=PLANTED),
        config,
        Stack(
            id=ACTIVE, project_id=owner.project_id, stack_name=PLANTED, stack_status="UPDATE_IN_PROGRESS",
            template=json.dumps(TEMPLATE),
        ),
        Account(id=account),
        Container(id=f"{account}/{PLANTED}", account=account, name=PLANTED, policy="Policy-0"),
        StoredObject(
            id=f"{account}/{PLANTED}/{PLANTED}", container_id=f"{account}/{PLANTED}", name=PLANTED,
            content_type="text/plain", etag=PLANTED,
        ),
    ]  # fmt: skip

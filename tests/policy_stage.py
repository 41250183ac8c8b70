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

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.engine import Engine
from mopenstack.core.identity.credential.credentials import EC2, hash_access_key
from mopenstack.core.image.images.images import member_key
from mopenstack.gateway.answers.checker import CheckedRenderer
from mopenstack.identity.v3.assignment.grants_pb2 import Grant
from mopenstack.identity.v3.credential.credentials_pb2 import Credential
from mopenstack.identity.v3.identity.groups_pb2 import Membership
from mopenstack.identity.v3.resource.domain_configs_pb2 import DomainConfig
from mopenstack.image.v2.images.images_pb2 import Image
from mopenstack.image.v2.images.members_pb2 import Member
from mopenstack.network.v2.common.rbac_policies_pb2 import RbacPolicy
from mopenstack.network.v2.core.auto_allocated_topologies_pb2 import AutoAllocation
from mopenstack.network.v2.core.network_segment_ranges_pb2 import NetworkSegmentRange
from mopenstack.network.v2.core.segments_pb2 import Segment
from mopenstack.network.v2.core.subnetpools_pb2 import Subnetpool
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.volume.v3.backups.backups_pb2 import Backup
from mopenstack.volume.v3.groups.groups_pb2 import Group
from mopenstack.volume.v3.snapshots_pb2 import Snapshot
from mopenstack.volume.v3.volumes.volumes_pb2 import Volume
from tests.conftest import Cloud, User

PLANTED = "5eed5eed-5eed-45ee-95ee-d5eed5eed5ee"
"""Id of the object of each kind that belongs to the member's project."""
ACTIVE = "ac71feac-71fe-4ac7-9fea-c71feac71fea"
"""Id of an image with bytes, in two stores; the planted one waits for them."""
LENT = "1e471e47-1e47-4e47-9e47-1e471e471e47"
"""Id of an image that is shared with the other project, which has not taken it yet."""
SECOND_STORE = "second"

ROLES = ("system admin", "admin", "manager", "member", "reader", "another project", "nobody")

BODIES: dict[str, Any] = {
    "image.v2.AddLocation": {"url": "https://example.org/image"},
    "image.v2.CreateMember": {"member": "0123456789abcdef0123456789abcdef"},
    "image.v2.CreateMetadefAssociation": {"name": "OS::Nova::Flavor"},
    "image.v2.CreateMetadefNamespace": {"namespace": "x"},
    "image.v2.CreateMetadefObject": {"name": "x"},
    "image.v2.CreateMetadefProperty": {"name": "x", "type": "string", "title": "x"},
    "image.v2.CreateTask": {"type": "import", "input": {}},
    "image.v2.ImportImage": {"method": {"name": "web-download", "uri": "https://example.org/image"}},
    "image.v2.UpdateMember": {"status": "accepted"},
    "image.v2.UpdateMetadefNamespace": {"namespace": "x"},
    "image.v2.UpdateMetadefObject": {"name": "x"},
    "image.v2.UpdateMetadefProperty": {"name": "x", "type": "string", "title": "x"},
    "image.v2.UpdateMetadefTag": {"name": "x"},
    "compute.v2.CreateSecurityGroupRule": {
        "security_group_rule": {
            "parent_group_id": PLANTED, "ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/8"
        }
    },
    "compute.v2.CreateServerExternalEvents": {"events": [{"name": "network-changed", "server_uuid": PLANTED}]},
    "compute.v2.CreateSnapshot": {"snapshot": {"volume_id": PLANTED}},
    "compute.v2.PutImageMetadataItem": {"meta": {PLANTED: "x"}},
    "compute.v2.RefuseRdpConsole": {"type": "rdp-html5"},
    "network.v2.AddTags": {"tags": ["x"]},
    "network.v2.ReplaceTags": {"tags": ["x"]},
    "placement.v1.ReplaceProviderAggregates": [],
}  # fmt: skip
"""Bodies of what is looked at before the policy, and of what the core itself decides."""

IMAGES = {
    "DeactivateImage": ACTIVE,
    "DeleteImageFromStore": ACTIVE,
    "DeleteMember": LENT,
    "DownloadImageData": ACTIVE,
    "GetMember": LENT,
    "ReactivateImage": ACTIVE,
    "UpdateMember": LENT,
}
"""The image that an operation of Glance is about, where it is not the planted one."""

FILLED: dict[type[Message], dict[str, Any]] = {
    Backup: {"status": Backup.AVAILABLE, "volume_id": PLANTED},
    Group: {"status": Group.AVAILABLE},
    NetworkSegmentRange: {"network_type": "vxlan", "minimum": 3000, "maximum": 3010},
    RbacPolicy: {
        "object_type": "network", "object_id": PLANTED, "action": "access_as_shared", "target_tenant": ACTIVE
    },
    Segment: {"network_id": PLANTED, "network_type": "vxlan"},
    Subnet: {"network_id": PLANTED, "cidr": "192.0.2.0/24", "ip_version": 4},
    Subnetpool: {
        "prefixes": ["198.51.100.0/24"], "ip_version": 4, "default_prefixlen": "26", "min_prefixlen": "8",
        "max_prefixlen": "32",
    },
}  # fmt: skip
"""What else an object must have, so that the handlers can do their work on it."""


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
    stage = Stage(users, roles["member"])
    await _plant(cloud, stage)
    return stage


@contextmanager
def undoing(engine: Engine) -> Iterator[None]:
    """Calls do their work and answer, and what they wrote is undone: none changes the stage of the next."""
    transact = engine.transact

    async def undone(
        cloud: Any, context: RequestContext, run: Callable[[Call], Awaitable[Any]], operation: Operation | None = None
    ) -> Any:
        async def work(call: Call) -> Any:
            raise _Done(await run(call))

        try:
            return await transact(cloud, context, work, operation)
        except _Done as done:
            return done.result

    engine.transact = undone  # type: ignore[method-assign]
    try:
        yield
    finally:
        engine.transact = transact  # type: ignore[method-assign]


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
        here, {"image.further_stores": SECOND_STORE, "image.web_download": "stand-in"}
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
    if message.DESCRIPTOR.name.endswith("Rule"):
        known["qos_policy_id"] = PLANTED
    for key, value in known.items():
        if key in fields and fields[key].type == fields[key].TYPE_STRING and not fields[key].is_repeated:
            setattr(planted, key, value)
    if "is_public" in fields:
        planted.is_public = True
    if "namespace" in fields:
        planted.namespace = PLANTED
    if "tags" in fields and fields["tags"].type == fields["tags"].TYPE_STRING:
        planted.tags.append(PLANTED)
    if "created_at" in fields and fields["created_at"].message_type is not None:
        call.stamp(planted.created_at)
    if isinstance(planted, Image):
        planted.status, planted.visibility = Image.QUEUED, Image.SHARED
        planted.disk_format, planted.container_format = "raw", "bare"
        planted.properties[PLANTED] = "x"
    elif isinstance(planted, Volume):
        planted.status = Volume.AVAILABLE
    elif isinstance(planted, Snapshot):
        planted.status, planted.volume_id = Snapshot.AVAILABLE, planted.project_id  # the volume has none: it can go
    for key, value in FILLED.get(message, {}).items():
        if isinstance(value, list):
            getattr(planted, key).extend(value)
        else:
            setattr(planted, key, value)
    result: Message = planted
    return result


def _specials(stage: Stage) -> list[Message]:
    """What is found by other ids, or stands in another state."""
    owner, role = stage.owner, stage.ids["role"]
    image: dict[str, Any] = {"project_id": owner.project_id, "visibility": Image.SHARED}
    key = json.dumps({"access": PLANTED, "secret": "x"})
    config = DomainConfig(id="default")
    config.options.update({"identity": {"driver": "ldap"}})
    return [
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
    ]  # fmt: skip

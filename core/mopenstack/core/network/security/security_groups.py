"""Security groups (neutron.db.securitygroups_db, neutron.db.securitygroups_rpc_base)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.listing import TRUE_WORDS
from mopenstack.core.engine.servicer import copy_fields
from mopenstack.core.network.base import NeutronResource, asked_project, standard_attr_id
from mopenstack.core.network.common.rbac import forget_policies, shared_with_caller
from mopenstack.core.network.security.default_statefulness import default_stateful
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.refusals import (
    SecurityGroupCannotRemoveDefault,
    SecurityGroupCannotUpdateDefault,
    SecurityGroupDefaultAlreadyExists,
    SecurityGroupInUse,
    SecurityGroupNotFound,
)
from mopenstack.network.v2.security import security_groups_pb2 as pb
from mopenstack.network.v2.security.security_group_rules_pb2 import SecurityGroupRule
from mopenstack.network.v2.security.security_groups_pb2 import SecurityGroup

DEFAULT = "default"
DEFAULT_DESCRIPTION = "Default security group"
DEFAULT_SCOPE = "network/default_security_group"
"""Claims: project -> its default group."""

SHOWN_RULE = tuple(pb.SecurityGroup.MemberRule.DESCRIPTOR.fields_by_name)


class SecurityGroups(NeutronResource[SecurityGroup]):
    service = pb.DESCRIPTOR.services_by_name["SecurityGroups"]
    message = SecurityGroup
    not_found = SecurityGroupNotFound
    filters = frozenset({"shared"})

    async def candidates(self, call: Call, query: common.Query) -> Iterable[SecurityGroup]:
        project = asked_project(query) or call.caller.project_id
        if project and (call.caller.is_admin or project == call.caller.project_id):
            await self.default_group(call, project)
        return await super().candidates(call, query)

    async def view(self, call: Call, obj: SecurityGroup) -> Message:
        listed = call.operation is not None and call.operation.method == "ListSecurityGroups"
        shared = shared_with_caller(call, obj)

        async def build() -> SecurityGroup:
            found = await call.tx.get(SecurityGroup, obj.id)
            seen = copy_of(obj if found is None else found)
            seen.shared = seen.shared or shared
            rules = await call.tx.query(SecurityGroupRule, security_group_id=obj.id)
            seen.security_group_rules.extend(_shown(rule, listed) for rule in sorted(rules, key=lambda one: one.id))
            return seen

        return await call.tx.view(("security_group", obj.id, listed, shared), build)

    async def matches(self, call: Call, obj: SecurityGroup, key: str, values: Sequence[str]) -> bool:
        if key != "shared":
            return await super().matches(call, obj, key, values)
        shared = obj.shared or call.caller.project_id in obj.shared_with
        return shared in {value.lower() in TRUE_WORDS for value in values}

    # -- create

    async def prepare(self, call: Call, obj: SecurityGroup, request: Any, given: set[str]) -> None:
        obj.revision_number = 1
        if request is not None:
            _check_name(obj.name)
            await self.default_group(call, obj.project_id)
            if "stateful" not in given:
                obj.stateful = await default_stateful(call, obj.project_id)

    async def created(self, call: Call, obj: SecurityGroup, request: Any) -> None:
        await self._add_rules(call, obj, default=request is None and obj.name == DEFAULT)

    async def default_group(self, call: Call, project_id: str) -> SecurityGroup:
        """The project's default group, which is made when it is first asked for."""
        owner = await call.tx.claimed(DEFAULT_SCOPE, project_id)
        if owner is not None:
            found = await call.tx.get(SecurityGroup, owner.partition("/")[2])
            assert found is not None  # the claim goes with the group
            return found
        group = SecurityGroup(
            id=call.ids.uuid(), name=DEFAULT, project_id=project_id, description=DEFAULT_DESCRIPTION, stateful=True
        )
        await call.tx.claim(DEFAULT_SCOPE, project_id, group)
        return await self.insert(call.elevated(), group, None, {"stateful"})

    async def _add_rules(self, call: Call, group: SecurityGroup, *, default: bool) -> None:
        rules = call.owner_of("security_group_rule")
        for template in await call.owner_of("default_security_group_rule").templates(call, default_group=default):
            await rules.add_from_template(call, group, template)

    # -- update, delete

    async def change(self, call: Call, old: SecurityGroup, new: SecurityGroup, request: Any, given: set[str]) -> None:
        if "name" in given:
            _check_name(new.name)
            if old.name == DEFAULT:
                raise SecurityGroupCannotUpdateDefault()
        if new.stateful != old.stateful and await self._used(call, old):
            raise SecurityGroupInUse(id=old.id)

    async def remove(self, call: Call, obj: SecurityGroup) -> None:
        if await self._used(call, obj):
            raise SecurityGroupInUse(id=obj.id)
        if obj.name == DEFAULT and not call.caller.is_admin:
            raise SecurityGroupCannotRemoveDefault()
        rules = call.owner_of("security_group_rule")
        for field in ("security_group_id", "remote_group_id"):
            for rule in await call.tx.query(SecurityGroupRule, **{field: obj.id}):
                await rules.discard(call, rule)
        await forget_policies(call, obj.id)

    @staticmethod
    async def _used(call: Call, obj: SecurityGroup) -> bool:
        return await call.tx.count(Port, security_groups=obj.id) > 0


def _check_name(name: str) -> None:
    if name.lower() == DEFAULT:
        raise SecurityGroupDefaultAlreadyExists()


def _shown(rule: SecurityGroupRule, listed: bool) -> pb.SecurityGroup.MemberRule:
    """A rule inside its group; lists leave open whether the group is the default one."""
    shown = pb.SecurityGroup.MemberRule()
    copy_fields(rule, shown, SHOWN_RULE)
    shown.standard_attr_id = standard_attr_id(rule.id)
    if listed:
        shown.ClearField("belongs_to_default_sg")
    return shown


async def touch(call: Call, group_id: str) -> None:
    """A change of a group's rules is a change of the group (neutron.services.revisions)."""
    group = await call.tx.get(SecurityGroup, group_id)
    if group is not None:
        await call.owner_of("security_group").save(call, copy_of(group))

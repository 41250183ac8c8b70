"""Application credentials. After keystone.application_credential.core and keystone.api.users."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import Any

from mopenstack.contract.faults import InvalidField
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.engine.servicer import Result
from mopenstack.core.identity import errors
from mopenstack.core.identity.application_credential.access_rules import keep_rules
from mopenstack.core.identity.assignment.effective import expanded_roles, roles_on
from mopenstack.core.identity.assignment.roles import Roles
from mopenstack.core.identity.auth.delegation import refuse_trust_and_oauth
from mopenstack.core.identity.base import IdentityServicer, number
from mopenstack.core.identity.identity.passwords import hash_secret
from mopenstack.core.identity.times import parse_expiry
from mopenstack.core.store.transaction import copy_of
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.application_credential import application_credentials_pb2 as pb2
from mopenstack.identity.v3.assignment import roles_pb2

_UNASSIGNED = "Cannot create an application credential with unassigned role"
_RESTRICTED = "Using method 'application_credential' is not allowed for managing additional application credentials."


class ApplicationCredentials(ChildServicer[pb2.ApplicationCredential], IdentityServicer[pb2.ApplicationCredential]):
    service = pb2.DESCRIPTOR.services_by_name["ApplicationCredentials"]
    message = pb2.ApplicationCredential
    not_found = refusals.ApplicationCredentialNotFound

    async def before(self, call: Call, request: Any) -> None:
        refuse_trust_and_oauth(call.caller)

    async def child(self, call: Call, parent_id: str, id: str) -> pb2.ApplicationCredential | None:
        """The credential; its owner is the one that counts, not the user in the path."""
        found = await self.find(call, id)
        if found is not None and found.user_id not in (parent_id, call.caller.user_id) and not call.caller.is_admin:
            assert call.operation is not None
            raise errors.refused(call.operation.options.policy.name)
        return found

    async def delete(self, call: Call, request: Any) -> Result:
        await check_unrestricted(call)
        return await super().delete(call, request)

    async def create(self, call: Call, request: pb2.CreateApplicationCredentialRequest) -> Result:
        """The secret is shown this once."""
        await check_unrestricted(call)
        body = request.application_credential
        for other in await call.tx.query(pb2.ApplicationCredential, user_id=request.user_id):
            if other.name == body.name:
                raise errors.duplicate("application_credential", f"Duplicate entry found with name {body.name}")
        secret = body.secret or base64.urlsafe_b64encode(secrets.token_bytes(64)).decode().rstrip("=")
        made = pb2.ApplicationCredential(
            name=body.name, user_id=request.user_id, project_id=call.caller.project_id, secret_hash=hash_secret(secret)
        )  # fmt: skip
        if body.HasField("description"):
            made.description = body.description
        if body.HasField("unrestricted"):
            made.unrestricted = body.unrestricted
        if body.HasField("expires_at"):
            call.stamp(made.expires_at, parse_expiry(call, body.expires_at))
        made.roles.extend([_role(role) for role in await self._roles(call, body)])
        rules = await keep_rules(call, request.user_id, body.access_rules)
        _refuse_twice(body, {rule.id for rule in rules}, rules)
        for kept in rules:
            made.access_rules.add(id=kept.id, path=kept.path, method=kept.method, service=kept.service)
        await number(call, made)
        shown = copy_of(await self.insert(call, made, request))
        shown.secret = secret
        return shown

    @staticmethod
    async def _roles(call: Call, body: pb2.ApplicationCredentialCreate) -> list[roles_pb2.Role]:
        """Those asked for with what they imply, else all of the caller's; one that the caller lacks is refused."""
        held = await roles_on(call, call.caller.user_id, call.caller.project_id)
        # A token of an application credential hands on no more than it has.
        held = [role for role in held if role.name.lower() in call.caller.roles]
        if not body.roles:
            return held
        for place, wanted in enumerate(body.roles):
            given = {field.name: value for field, value in wanted.ListFields()}
            if len(given) != 1:
                raise InvalidField(("roles", place), given, "max_properties" if given else "min_items", 1)
        asked = [await call.service(Roles).id_of(call, wanted) for wanted in body.roles]
        found = await expanded_roles(call, asked, of_domains=True)
        if not {*asked, *(role.id for role in found)} <= {role.id for role in held}:
            raise refusals.ApplicationCredentialInvalid(detail=_UNASSIGNED)
        _refuse_twice(body, set(asked), asked)
        return found


def _refuse_twice(body: pb2.ApplicationCredentialCreate, different: set[str], asked: Sequence[Any]) -> None:
    """A role or a rule twice: the database's rule, and Keystone's guess of what was broken."""
    if len(different) != len(asked):
        raise errors.duplicate("application_credential", f"Duplicate entry found with name {body.name}")


async def check_unrestricted(call: Call) -> None:
    """A restricted application credential makes and deletes no others."""
    id = call.caller.application_credential_id
    if not id:
        return
    credential = await call.tx.get(pb2.ApplicationCredential, id)
    if credential is None or not credential.unrestricted:
        raise refusals.ForbiddenAction(action=_RESTRICTED)


def _role(role: roles_pb2.Role) -> pb2.ApplicationCredential.Role:
    shown = pb2.ApplicationCredential.Role(id=role.id, name=role.name, options=role.options)
    if role.domain_id:
        shown.domain_id = role.domain_id
    if role.HasField("description"):
        shown.description = role.description
    shown.options.SetInParent()
    return shown

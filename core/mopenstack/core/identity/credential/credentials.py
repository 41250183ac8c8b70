"""Credentials, and the EC2 ones among them. After keystone.api.credentials and keystone.api.users.

The id of an EC2 credential is the SHA-256 of its access key (keystone.common.utils.hash_access_key).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import BadRequest
from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.engine.servicer import Result
from mopenstack.core.identity import errors
from mopenstack.core.identity.auth.delegation import is_delegated, refuse_delegated
from mopenstack.core.identity.base import IdentityServicer, may_read_all
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.credential import credentials_pb2 as pb2

EC2 = "ec2"
_DELEGATIONS = ("trust_id", "app_cred_id", "access_token_id", "access_id")
"""What binds a key to a delegation: it stays as it is."""
DELEGATED = "Delegated tokens cannot access credentials directly"


class Credentials(IdentityServicer[pb2.Credential]):
    service = pb2.DESCRIPTOR.services_by_name["Credentials"]
    message = pb2.Credential
    not_found = refusals.CredentialNotFound

    async def before(self, call: Call, request: Any) -> None:
        """Delegated tokens reach no credentials; of a list they see nothing."""
        if not isinstance(request, pb2.ListCredentialsRequest):
            refuse_delegated(call.caller, action=DELEGATED)

    async def complete(self, call: Call, obj: pb2.Credential, request: Any, given: set[str]) -> None:
        if not call.caller.is_admin and obj.user_id != call.caller.user_id:
            raise errors.refused("identity:create_credential")
        if obj.type == EC2:
            obj.id = hash_access_key(str(_blob(obj.blob)["access"]))
            if not obj.owner_project_id:
                raise errors.missing("project_id", "credential")
            if await self.find(call, obj.id) is not None:
                raise errors.duplicate("credential", f"Duplicate entry found with ID {obj.id}.")

    async def revise(self, call: Call, old: pb2.Credential, new: pb2.Credential, request: Any, given: set[str]) -> None:
        if not call.caller.is_admin and new.user_id != call.caller.user_id:
            raise errors.refused("identity:update_credential")
        if new.type == EC2 and not new.owner_project_id:
            raise errors.missing("project_id", "credential")
        if old.type == EC2 and "blob" in given:
            before, after = json.loads(old.blob), _blob(new.blob)
            for key in _DELEGATIONS:
                if before.get(key) != after.get(key):
                    raise BadRequest(f"{key} can not be updated for credential")

    async def refine(self, call: Call, found: list[pb2.Credential], query: common.Query) -> list[pb2.Credential]:
        if call.caller.token and (call.caller.trust_id or is_delegated(call.caller)):
            return []
        if may_read_all(call):
            return found
        return [credential for credential in found if credential.user_id == call.caller.user_id]


class Ec2Credentials(ChildServicer[pb2.Credential], IdentityServicer[pb2.Credential]):
    """The credentials of type ec2, by their access keys."""

    service = pb2.DESCRIPTOR.services_by_name["Ec2Credentials"]
    message = pb2.Credential
    pages = ""
    presents = pb2.Ec2Credential

    async def before(self, call: Call, request: Any) -> None:
        """A key is looked for before the policy is asked; delegated tokens see none."""
        refuse_delegated(call.caller, action=DELEGATED)
        if isinstance(request, pb2.Ec2CredentialRequest):
            await call.service(Credentials).lookup(call, hash_access_key(request.access))

    def absent(self, call: Call, id: str) -> Exception:
        return refusals.CredentialNotFound(id=hash_access_key(id))

    async def children(self, call: Call, parent_id: str) -> Sequence[pb2.Credential]:
        found = await call.tx.query(pb2.Credential, user_id=parent_id, type=EC2)
        return sorted(found, key=lambda item: item.id)

    async def child(self, call: Call, parent_id: str, id: str) -> pb2.Credential | None:
        found = await self.find(call, hash_access_key(id))
        if found is None or found.type != EC2 or (found.user_id != parent_id and not may_read_all(call)):
            return None
        return found

    async def create(self, call: Call, request: pb2.CreateEc2CredentialRequest) -> Result:
        project = await call.service(Projects).lookup(call, request.tenant_id)
        access, secret = call.ids.hex(), call.ids.hex()
        made = pb2.Credential(
            id=hash_access_key(access), user_id=request.user_id, owner_project_id=project.id, type=EC2,
            blob=json.dumps({"access": access, "secret": secret, "trust_id": None}),
        )  # fmt: skip
        return await self.view(call, await self.insert(call, made, request))

    async def view(self, call: Call, obj: pb2.Credential) -> Message:
        blob = json.loads(obj.blob)
        shown = pb2.Ec2Credential(
            user_id=obj.user_id, tenant_id=obj.owner_project_id, access=blob.get("access", ""),
            secret=blob.get("secret", ""),
        )  # fmt: skip
        if blob.get("trust_id"):
            shown.trust_id = blob["trust_id"]
        return shown


def hash_access_key(access: str) -> str:
    return hashlib.sha256(access.encode()).hexdigest()


def _blob(text: str) -> dict[str, Any]:
    """What an EC2 credential holds."""
    try:
        blob = json.loads(text)
    except ValueError:
        raise BadRequest("Invalid blob in credential") from None
    if not blob or not isinstance(blob, dict):
        raise errors.missing("blob", "credential")
    if blob.get("access") is None:
        raise errors.missing("access", "credential")
    return blob

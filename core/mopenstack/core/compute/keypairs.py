"""Key pairs of users. Source: nova/api/openstack/compute/keypairs.py, nova/compute/api.py (KeypairAPI)."""

from __future__ import annotations

import asyncio
from typing import Any

from mopenstack.compute.v2 import keypairs_pb2 as pb
from mopenstack.compute.v2 import refusals
from mopenstack.contract.calls import Page
from mopenstack.contract.faults import InvalidField, PolicyRefused
from mopenstack.contract.patterns import exact
from mopenstack.core.compute.key_material import fingerprint_of, generate
from mopenstack.core.compute.paging import page
from mopenstack.core.compute.quotas.quotas import SERVICE
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, ResourceServicer, Result
from mopenstack.core.store.transaction import copy_of

_NAME = r"^[_\- a-zA-Z0-9]+$"
_NAME_292 = r"^[_\-\@\. a-zA-Z0-9]+$"
PAGE_MAX = 1000


class Keypairs(ResourceServicer[pb.Keypair]):
    """Found by user and name; a request without a user means the caller's own."""

    service = pb.DESCRIPTOR.services_by_name["Keypairs"]
    message = pb.Keypair
    stamps_update = False

    async def of_user(self, call: Call, user_id: str, name: str) -> pb.Keypair:
        """The user's key pair of that name; raises KeypairNotFound."""
        found = await call.tx.get(pb.Keypair, _key(user_id, name))
        if found is None:
            raise refusals.KeypairNotFound(name=name, user_id=user_id)
        return found

    async def list_keypairs(self, call: Call, request: pb.ListKeypairsRequest) -> Result:
        user_id = call.caller.user_id
        if call.at_least(10):
            user_id = next((item.values[0] for item in request.query.filters if item.key == "user_id"), user_id)
        if user_id != call.caller.user_id and not call.caller.is_admin:
            raise PolicyRefused(["os_compute_api:os-keypairs:index"])
        if request.query.nothing and call.at_least(35):
            return Page([])
        found = sorted(await call.tx.query(pb.Keypair, user_id=user_id), key=lambda keypair: keypair.name)
        more = ""
        if call.at_least(35):
            names = [keypair.name for keypair in found]
            found, more = page(found, names, request.query.marker, request.query.limit or PAGE_MAX)
        return Page([pb.KeypairItem(keypair=keypair) for keypair in found], next_marker=more)

    async def create_keypair(self, call: Call, request: pb.CreateKeypairRequest) -> Result:
        body = request.keypair
        pattern = _NAME_292 if call.at_least(92) else _NAME
        if exact(pattern).search(body.name) is None:
            raise InvalidField(("keypair", "name"), body.name, "pattern", pattern)
        if call.at_least(92) and not body.HasField("public_key"):
            raise InvalidField(("keypair", "public_key"), {"name": body.name}, "required", "public_key")
        user_id = body.user_id or call.caller.user_id
        await self._check_quota(call, user_id)
        keypair = pb.Keypair(id=_key(user_id, body.name), name=body.name, type=body.type or "ssh", user_id=user_id)
        private_key = ""
        if body.HasField("public_key"):
            keypair.public_key = body.public_key
            keypair.fingerprint = fingerprint_of(body.public_key, keypair.type)
        else:
            # A new RSA key takes a tenth of a second: other calls need not wait for it.
            made = await asyncio.to_thread(generate, keypair.type, user_id, call.now)
            private_key, keypair.public_key, keypair.fingerprint = made
        shown = copy_of(await self.insert(call, keypair))
        if private_key:
            shown.private_key = private_key
        return shown

    async def prepare(self, call: Call, obj: pb.Keypair, request: Any, given: set[str]) -> None:
        if await call.tx.get(pb.Keypair, obj.id) is not None:
            raise refusals.KeyPairExists(name=obj.name)
        obj.number = await call.tx.add("compute/keypair/number", 1)

    async def get_keypair(self, call: Call, request: pb.GetKeypairRequest) -> Result:
        return await self.of_user(call, request.user_id or call.caller.user_id, request.name)

    async def delete_keypair(self, call: Call, request: pb.DeleteKeypairRequest) -> Result:
        await self.discard(call, await self.of_user(call, request.user_id or call.caller.user_id, request.name))
        return EMPTY

    @staticmethod
    async def _check_quota(call: Call, user_id: str) -> None:
        # Nova counts key pairs per user and takes the limit from the caller's project.
        limit = (await call.quota.limits(SERVICE, call.caller.project_id))["key_pairs"]
        if 0 <= limit <= await call.tx.count(pb.Keypair, user_id=user_id):
            raise refusals.QuotaExceeded("Quota exceeded, too many key pairs.")


def _key(user_id: str, name: str) -> str:
    return f"{user_id}/{name}"

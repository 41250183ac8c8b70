"""Containers of secrets (barbican.api.controllers.containers)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY
from mopenstack.core.key_manager.base import Kept, count, id_of, like
from mopenstack.core.key_manager.schema import invalid
from mopenstack.core.key_manager.secrets import Secrets
from mopenstack.key_manager.v1 import containers_pb2 as pb
from mopenstack.key_manager.v1 import refusals, secrets_pb2

SCHEMA = "Container"
_NAMES: Mapping[str, tuple[Collection[str], Collection[str], str, str]] = {
    "rsa": (
        {"public_key", "private_key"},
        {"private_key_passphrase"},
        "only 'private_key', 'public_key' and 'private_key_passphrase' reference names are allowed for RSA type",
        "The minimum required reference names are 'public_key' and'private_key' for RSA type",
    ),
    "certificate": (
        {"certificate"},
        {"private_key", "private_key_passphrase", "intermediates"},
        (
            "only 'private_key', 'certificate' , 'private_key_passphrase',  or 'intermediates' reference names are "
            "allowed for Certificate type"
        ),
        "The minimum required reference name is 'certificate' for Certificate type",
    ),
}
"""Type -> names that its secrets must have, that they may have, and what is said of others and of too few."""


class Containers(Kept[pb.Container]):
    service = pb.DESCRIPTOR.services_by_name["Containers"]
    message = pb.Container
    not_found = refusals.ContainerNotFound
    bad_id = refusals.InvalidContainerId

    async def create_container(self, call: Call, request: pb.CreateContainerRequest) -> Result:
        _check_refs(call, request)
        await call.quota.take(self.quota_service, call.caller.project_id, {"containers": 1})
        container = pb.Container(type=request.type, creator_id=call.caller.user_id)
        if request.HasField("name"):
            container.name = request.name
        for ref in request.secret_refs:
            part = container.secret_refs.add(secret_id=id_of(ref.secret_ref))
            if ref.HasField("name"):
                part.name = ref.name
            if await self._own_secret(call, ref.secret_ref) is None:
                raise refusals.NamedSecretNotFound(name=ref.name if ref.HasField("name") else None)
        made = await self.insert(call, container)
        return pb.ContainerReference(id=made.id)

    async def matches(self, call: Call, obj: pb.Container, key: str, values: Sequence[str]) -> bool:
        if key == "name" and values[-1]:
            return obj.HasField("name") and like(values[-1], obj.name)
        return key != "type" or not values[-1] or obj.type == values[-1]

    async def remove(self, call: Call, obj: pb.Container) -> None:
        await count(call, obj.project_id, "containers", -1)
        for consumer in obj.consumers:
            await count(call, consumer.owner_project_id, "container_consumers", -1)

    # -- its secrets

    async def add_container_secret(self, call: Call, request: pb.ChangeContainerSecretRequest) -> Result:
        container: pb.Container = call.target
        if container.type != "generic":
            raise refusals.ContainerNotGeneric()
        secret = await self._own_secret(call, request.secret_ref)
        if secret is None:
            raise refusals.SecretToAddNotFound()
        if _places(container, request, secret.id):
            raise refusals.SecretAlreadyInContainer()
        new = await call.tx.edit(pb.Container, container.id)
        part = new.secret_refs.add(secret_id=secret.id)
        if request.HasField("name"):
            part.name = request.name
        await call.tx.put(new)
        return pb.ContainerReference(id=new.id)

    async def remove_container_secret(self, call: Call, request: pb.ChangeContainerSecretRequest) -> Result:
        secret = await self._own_secret(call, request.secret_ref)
        if secret is None:
            name = request.name if request.HasField("name") else None
            raise refusals.SecretToRemoveNotFound(name=name, ref=request.secret_ref)
        places = _places(call.target, request, secret.id)
        if not places:
            raise refusals.SecretNotInContainer()
        new = await call.tx.edit(pb.Container, call.target.id)
        for place in reversed(places):
            del new.secret_refs[place]
        await call.tx.put(new)
        return EMPTY

    @staticmethod
    async def _own_secret(call: Call, ref: str) -> secrets_pb2.Secret | None:
        """The secret of an address, if it is the caller's project's; an expired one is taken."""
        found = await call.tx.get(secrets_pb2.Secret, id_of(ref))
        if found is None or found.project_id != call.caller.project_id:
            return None
        return found if call.service(Secrets).visible(call, found) else None


def _places(container: pb.Container, request: pb.ChangeContainerSecretRequest, secret_id: str) -> list[int]:
    """Where a secret is in a container, under the name of the request."""
    name = request.name if request.HasField("name") else None
    return [
        place
        for place, part in enumerate(container.secret_refs)
        if part.secret_id == secret_id and (part.name if part.HasField("name") else None) == name
    ]


def _check_refs(call: Call, request: pb.CreateContainerRequest) -> None:
    """The checks of Barbican's ContainerValidator behind its schema, in their order."""
    refs = request.secret_refs
    if not refs:
        return
    names = {(ref.name if ref.HasField("name") else "") for ref in refs}
    if len(names) != len(refs):
        raise invalid(SCHEMA, "Duplicate reference names are not allowed", "secret_refs")
    if len({id_of(ref.secret_ref) for ref in refs}) != len(refs):
        raise invalid(SCHEMA, "Duplicate secret ids are not allowed", "secret_refs")
    if not all(is_own_address(call, ref.secret_ref) for ref in refs):
        raise refusals.UnsupportedField()
    if request.type not in _NAMES:
        return
    required, optional, unknown, too_few = _NAMES[request.type]
    if not names <= {*required, *optional}:
        raise invalid(SCHEMA, unknown, "secret_refs")
    if not names >= set(required):
        raise invalid(SCHEMA, too_few, "secret_refs")


def is_own_address(call: Call, ref: str) -> bool:
    """Whether an address is one of this service as the caller reaches it; over gRPC any is."""
    return not call.context.api_url or ref.startswith(call.context.api_url)

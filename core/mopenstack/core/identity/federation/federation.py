"""Identity providers, protocols, mappings and service providers. After keystone.federation.core."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from mopenstack.contract.faults import BadRequest, Conflict, InvalidField, Unauthorized
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.engine.fields import copy_fields, envelope
from mopenstack.core.engine.servicer import Handler, Result, Servicer
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer, M
from mopenstack.core.identity.federation.mapping_rules import DEFAULT_VERSION, check_rules
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.core.store.transaction import Taken
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.federation import federation_pb2 as pb2
from mopenstack.identity.v3.resource.projects_pb2 import Project


class _Named(IdentityServicer[M]):
    """A resource whose id the client chooses: made once, by `Put<Noun>`."""

    @cached_property
    def _generic(self) -> dict[str, Handler]:
        noun = self.options.noun or self.message.DESCRIPTOR.name
        return {**super()._generic, f"Put{noun}": self.put}

    async def put(self, call: Call, request: Any) -> Result:
        """The first field of the request is the id."""
        id = getattr(request, request.DESCRIPTOR.fields[0].name)
        if await self.find(call, id) is not None:
            raise self._conflict(id)
        getattr(request, self.options.kind).id = id
        request.mask.paths.append("id")
        body, _ = envelope(request)
        obj: Any = self.message()
        obj.CopyFrom(body)
        return await self.view(call, await self.insert(call, obj, request, set(request.mask.paths)))

    def _conflict(self, id: str) -> Conflict:
        return errors.duplicate(self.options.kind, "Duplicate entry")


class IdentityProviders(_Named[pb2.IdentityProvider]):
    service = pb2.DESCRIPTOR.services_by_name["IdentityProviders"]
    message = pb2.IdentityProvider
    not_found = refusals.IdentityProviderNotFound

    def _conflict(self, id: str) -> Conflict:
        return errors.duplicate(self.options.kind, f"Duplicate entry: {id}")

    async def complete(self, call: Call, obj: pb2.IdentityProvider, request: Any, given: set[str]) -> None:
        """Without a domain it gets one of its own."""
        if obj.domain_id:
            await call.service(Projects).domain(call, obj.domain_id)
        else:
            domain = Project(
                id=call.ids.hex(), is_domain=True, enabled=True,
                description=f"Auto generated federated domain for Identity Provider: {obj.id}",
            )  # fmt: skip
            domain.name = domain.id
            obj.domain_id = (await call.service(Projects).insert(call, domain, None, {"enabled"})).id
        await self._claim(call, obj, ())

    async def revise(
        self, call: Call, old: pb2.IdentityProvider, new: pb2.IdentityProvider, request: Any, given: set[str]
    ) -> None:
        if "remote_ids" in given:
            for remote in set(old.remote_ids) - set(new.remote_ids):
                await call.tx.release("idp_remote_id", remote)
            await self._claim(call, new, old.remote_ids)

    async def _claim(self, call: Call, obj: pb2.IdentityProvider, had: Any) -> None:
        obj.remote_ids[:] = sorted(obj.remote_ids)
        for remote in obj.remote_ids:
            if remote in had:
                continue
            try:
                await call.tx.claim("idp_remote_id", remote, obj)
            except Taken:
                raise errors.duplicate(self.options.kind, f"Duplicate remote ID: {remote}") from None


class Mappings(_Named[pb2.Mapping]):
    service = pb2.DESCRIPTOR.services_by_name["Mappings"]
    message = pb2.Mapping
    pages = ""
    not_found = refusals.MappingNotFound

    async def complete(self, call: Call, obj: pb2.Mapping, request: Any, given: set[str]) -> None:
        _check(obj)

    async def revise(self, call: Call, old: pb2.Mapping, new: pb2.Mapping, request: Any, given: set[str]) -> None:
        """An update brings the whole of it, or the version falls back to the default."""
        if "schema_version" not in given:
            new.ClearField("schema_version")
        if "rules" not in given:
            new.ClearField("rules")
        _check(new)


def _check(mapping: pb2.Mapping) -> None:
    if not mapping.schema_version:
        mapping.schema_version = DEFAULT_VERSION
    rules = {"rules": plain(mapping.rules)} if mapping.HasField("rules") else {}
    check_rules({**rules, "schema_version": mapping.schema_version})


class ServiceProviders(_Named[pb2.ServiceProvider]):
    service = pb2.DESCRIPTOR.services_by_name["ServiceProviders"]
    message = pb2.ServiceProvider
    not_found = refusals.ServiceProviderNotFound

    async def complete(self, call: Call, obj: pb2.ServiceProvider, request: Any, given: set[str]) -> None:
        for name in ("auth_url", "sp_url"):
            if name not in given:
                raise InvalidField(("service_provider", name), {}, "required", name)
        if "relay_state_prefix" not in given:
            obj.relay_state_prefix = "ss:mem:"  # keystone.conf.saml.relay_state_prefix


class Protocols(ChildServicer[pb2.Protocol], _Named[pb2.Protocol]):
    """The protocols of an identity provider, each with the mapping of its assertions."""

    service = pb2.DESCRIPTOR.services_by_name["Protocols"]
    message = pb2.Protocol
    pages = ""

    def absent(self, call: Call, id: str) -> Exception:
        return refusals.ProtocolNotFound(id=id, idp_id=call.target.id)

    async def child(self, call: Call, parent_id: str, id: str) -> pb2.Protocol | None:
        return await self.find(call, f"{parent_id}:{id}")

    async def put(self, call: Call, request: pb2.ProtocolBody) -> Result:
        await self._check_mapping(call, request)
        call.target = await call.service(IdentityProviders).lookup(call, request.idp_id)
        if await self.child(call, request.idp_id, request.protocol_id) is not None:
            raise errors.duplicate("federation_protocol", "Duplicate entry")
        made = pb2.Protocol(id=f"{request.idp_id}:{request.protocol_id}", protocol_id=request.protocol_id)
        copy_fields(request.protocol, made, ("mapping_id", "remote_id_attribute"))
        return await self.view(call, await self.insert(call, made, request))

    async def update(self, call: Call, request: Any) -> Result:
        await self._check_mapping(call, request)
        return await super().update(call, request)

    @staticmethod
    async def _check_mapping(call: Call, request: pb2.ProtocolBody) -> None:
        if await call.tx.get(pb2.Mapping, request.protocol.mapping_id) is None:
            raise BadRequest(f"Invalid mapping id: {request.protocol.mapping_id}")


class FederatedLogins(Servicer):
    """No component in front of this cloud checks assertions, so a login by one always fails."""

    service = pb2.DESCRIPTOR.services_by_name["FederatedLogins"]

    async def add_federated_token(self, call: Call, request: pb2.FederatedLoginRequest) -> Result:
        """The protocol is the method: only `mapped` is one of this cloud's."""
        if request.protocol_id != "mapped":
            raise refusals.AuthMethodNotSupported
        raise Unauthorized

    async def add_web_token(self, call: Call, request: pb2.WebLoginRequest) -> Result:
        """No dashboard is trusted, as in a Keystone without [federation]trusted_dashboard."""
        if not request.origin:
            raise BadRequest("Request must have an origin query parameter")
        raise Unauthorized

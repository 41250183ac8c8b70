"""Identity providers, protocols, mappings and service providers. After keystone.federation.core."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import BadRequest, Conflict, InvalidField, Unauthorized
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.identity import errors
from mopenstack.core.identity.base import IdentityServicer, M, from_value, page_of
from mopenstack.core.identity.federation.mapping_rules import DEFAULT_VERSION, check_rules
from mopenstack.core.identity.resource.projects import Projects
from mopenstack.core.store.transaction import Taken
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.federation import federation_pb2 as pb2
from mopenstack.identity.v3.resource.projects_pb2 import Project


class _Named(IdentityServicer[M]):
    """A resource whose id the client chooses: made by PUT, once."""

    variable = ""
    kind = ""

    async def _put(self, call: Call, request: Any) -> Result:
        id = getattr(request, self.variable)
        if await self.find(call, id) is not None:
            raise self._conflict(id)
        getattr(request, self.options.kind).id = id
        request.mask.paths.append("id")
        body, _ = envelope(request)
        obj: Any = self.message()
        obj.CopyFrom(body)
        return await self.view(call, await self.insert(call, obj, request, set(request.mask.paths)))

    def _conflict(self, id: str) -> Conflict:
        return errors.duplicate(self.kind, "Duplicate entry")


class IdentityProviders(_Named[pb2.IdentityProvider]):
    service = pb2.DESCRIPTOR.services_by_name["IdentityProviders"]
    message = pb2.IdentityProvider
    not_found = refusals.IdentityProviderNotFound
    variable, kind = "idp_id", "identity_provider"
    put_identity_provider = _Named._put

    def _conflict(self, id: str) -> Conflict:
        return errors.duplicate(self.kind, f"Duplicate entry: {id}")

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
                raise errors.duplicate(self.kind, f"Duplicate remote ID: {remote}") from None


class Mappings(_Named[pb2.Mapping]):
    service = pb2.DESCRIPTOR.services_by_name["Mappings"]
    message = pb2.Mapping
    not_found = refusals.MappingNotFound
    variable, kind = "mapping_id", "mapping"
    put_mapping = _Named._put

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
    rules = {"rules": from_value(mapping.rules)} if mapping.HasField("rules") else {}
    check_rules({**rules, "schema_version": mapping.schema_version})


class ServiceProviders(_Named[pb2.ServiceProvider]):
    service = pb2.DESCRIPTOR.services_by_name["ServiceProviders"]
    message = pb2.ServiceProvider
    not_found = refusals.ServiceProviderNotFound
    variable, kind = "service_provider_id", "service_provider"
    put_service_provider = _Named._put

    async def complete(self, call: Call, obj: pb2.ServiceProvider, request: Any, given: set[str]) -> None:
        for name in ("auth_url", "sp_url"):
            if name not in given:
                raise InvalidField(("service_provider", name), {}, "required", name)
        if "relay_state_prefix" not in given:
            obj.relay_state_prefix = "ss:mem:"  # keystone.conf.saml.relay_state_prefix


class Protocols(Servicer):
    """What an identity provider speaks, and the mapping for it."""

    service = pb2.DESCRIPTOR.services_by_name["Protocols"]

    async def list_protocols(self, call: Call, request: pb2.ListProtocolsRequest) -> Result:
        return page_of(await call.tx.query(pb2.Protocol, idp_id=request.idp_id), request.query)

    async def get_protocol(self, call: Call, request: pb2.ProtocolRequest) -> Result:
        return _shown(await self._find(call, request))

    async def put_protocol(self, call: Call, request: pb2.ProtocolBody) -> Result:
        await self._check_mapping(call, request)
        provider = await call.service(IdentityProviders).lookup(call, request.idp_id)
        protocol = pb2.Protocol(
            id=_id(request), protocol_id=request.protocol_id, idp_id=provider.id,
            mapping_id=request.protocol.mapping_id,
        )  # fmt: skip
        if request.protocol.HasField("remote_id_attribute"):
            protocol.remote_id_attribute = request.protocol.remote_id_attribute
        if await call.tx.get(pb2.Protocol, protocol.id) is not None:
            raise errors.duplicate("federation_protocol", "Duplicate entry")
        await call.tx.put(protocol, fresh=True)
        return _shown(protocol)

    async def update_protocol(self, call: Call, request: pb2.ProtocolBody) -> Result:
        await self._check_mapping(call, request)
        protocol = await call.tx.edit(pb2.Protocol, (await self._find(call, request)).id)
        protocol.mapping_id = request.protocol.mapping_id
        if request.protocol.HasField("remote_id_attribute"):
            protocol.remote_id_attribute = request.protocol.remote_id_attribute
        await call.tx.put(protocol)
        return _shown(protocol)

    async def delete_protocol(self, call: Call, request: pb2.ProtocolRequest) -> Result:
        await call.tx.delete(pb2.Protocol, (await self._find(call, request)).id)
        return EMPTY

    @staticmethod
    async def _check_mapping(call: Call, request: pb2.ProtocolBody) -> None:
        if await call.tx.get(pb2.Mapping, request.protocol.mapping_id) is None:
            raise BadRequest(f"Invalid mapping id: {request.protocol.mapping_id}")

    @staticmethod
    async def _find(call: Call, request: Any) -> pb2.Protocol:
        found = await call.tx.get(pb2.Protocol, _id(request))
        if found is None:
            raise refusals.ProtocolNotFound(id=request.protocol_id, idp_id=request.idp_id)
        return found


class FederatedLogins(Servicer):
    """Nothing in front of this cloud checks assertions, so there never is one: a login by one always fails."""

    service = pb2.DESCRIPTOR.services_by_name["FederatedLogins"]

    async def add_federated_token(self, call: Call, request: pb2.FederatedLoginRequest) -> Result:
        """The protocol is the method: only `mapped` is one of this cloud's."""
        if request.protocol_id != "mapped":
            raise refusals.AuthMethodNotSupported
        raise Unauthorized

    async def add_web_token(self, call: Call, request: pb2.WebLoginRequest) -> Result:
        """No dashboard is trusted, as in a Keystone that was told of none."""
        if not request.origin:
            raise BadRequest("Request must have an origin query parameter")
        raise Unauthorized


def _id(request: Any) -> str:
    return f"{request.idp_id}:{request.protocol_id}"


def _shown(protocol: pb2.Protocol) -> pb2.ProtocolShown:
    return pb2.ProtocolShown(protocol_id=protocol.protocol_id, mapping_id=protocol.mapping_id, idp_id=protocol.idp_id)

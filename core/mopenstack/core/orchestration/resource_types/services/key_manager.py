"""Barbican: secrets, orders, containers. Their ids are addresses."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, ClassVar

from mopenstack.contract.calls import ByteStream
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import invalid
from mopenstack.core.orchestration.resource_types.mapped import Mapped, Row, refuse, soon, table, without_nulls

_V1 = "mopenstack.key_manager.v1."
_ORDERS = {
    "key": ("name", "algorithm", "bit_length", "expiration", "mode", "payload_content_type"),
    "asymmetric": ("name", "algorithm", "bit_length", "expiration", "mode", "pass_phrase", "payload_content_type"),
    "certificate": ("name", "ca_id", "profile", "request_data", "request_type", "source_container_ref", "subject_dn"),
}


def _dependency(first: str, second: str) -> ResourceFailure:
    return ResourceFailure(f"{first} cannot be specified without {second}.", "ResourcePropertyDependency")


def _address(context: Context, words: str, value: Any) -> str:
    """The address of an object, of its id or of what is one already; "" of none."""
    if not value or "://" in value:
        return str(value or "")
    return f"{context.call.context.cloud_url}/key-manager/v1/{words}/{value}"


class Kept(Mapped):
    """An object that is told by its address."""

    words: ClassVar[str] = ""
    """The segment of its address: "secrets"."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        body = self.body(context, resource, without_nulls(dict(resource.properties)))
        answer = await rpcs.raw(context, self.rpc("Create"), (), body)
        return _address(context, self.words, answer.id)

    async def path(self, context: Context, resource: Resource) -> list[str]:
        return [resource.physical_id.rpartition("/")[2]]

    async def update(self, context: Context, resource: Resource, new: dict[str, Any], changed: frozenset[str]) -> None:
        return


class Secret(Kept):
    """OS::Barbican::Secret."""

    words: ClassVar[str] = "secrets"

    async def validate(self, context: Context, resource: Resource) -> None:
        given = resource.properties
        kind, encoding = given.get("payload_content_type"), given.get("payload_content_encoding")
        if kind:
            if "payload" not in resource.given:
                raise _dependency("payload_content_type", "payload")
            if kind == "application/octet-stream":
                refuse(
                    not encoding,
                    f"Property unspecified. For '{kind}' value of 'payload_content_type' property, "
                    "'payload_content_encoding' property must be specified.",
                )
                try:
                    base64.b64decode(given.get("payload") or "")
                except (binascii.Error, ValueError):
                    raise invalid(
                        f"Invalid payload for specified '{encoding}' value of 'payload_content_encoding' property."
                    ) from None
        if encoding and (not kind or kind == "text/plain"):
            text = "payload_content_encoding property should only be specified for payload_content_type with value "
            raise ResourceFailure(f"{text}application/octet-stream.", "ResourcePropertyValueDependency")

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if name != "decrypted_payload" or not resource.physical_id:
            return await super().attribute(context, resource, name)
        return await payload(context, resource.physical_id)


async def payload(context: Context, reference: str) -> str | None:
    """The payload of a secret, as text."""
    secret = reference.rpartition("/")[2]
    answer = await rpcs.raw(context, f"{_V1}Secrets.GetSecretPayload", [secret], {"accept": "*/*"})
    if not isinstance(answer, ByteStream):
        return None
    found = b"".join([chunk async for chunk in answer.chunks])
    try:
        return found.decode()
    except UnicodeDecodeError:
        return base64.b64encode(found).decode()


async def secrets_of(context: Context, reference: str) -> dict[str, str]:
    """Name -> address of the secrets in a container."""
    answer = await rpcs.raw(context, f"{_V1}Containers.GetContainer", [reference.rpartition("/")[2]])
    return {one.name: _address(context, "secrets", one.secret_id) for one in answer.secret_refs}


class Order(Kept):
    """OS::Barbican::Order."""

    words: ClassVar[str] = "orders"

    async def validate(self, context: Context, resource: Resource) -> None:
        kind = str(resource.properties.get("type"))
        if kind != "certificate":
            refuse(
                not {"algorithm", "bit_length"} <= resource.given,
                f"Properties algorithm and bit_length are required for {kind} type of order.",
            )
        elif "profile" in resource.given and "ca_id" not in resource.given:
            raise _dependency("profile", "ca_id")
        allowed = _ORDERS.get(kind, ())
        told = sorted(name for name, value in resource.properties.items() if name != "type" and value is not None)
        unexpected = [name for name in told if name not in allowed]
        refuse(
            bool(unexpected),
            f"Unexpected properties: {', '.join(unexpected)}. Only these properties are allowed for {kind} type of "
            f"order: {', '.join(sorted(allowed))}.",
        )

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        return {"type": values.pop("type"), "meta": values}

    async def created(self, context: Context, resource: Resource) -> float | None:
        found = await self.document(context, resource)
        if found.get("status") == "ERROR":
            reason = f"{found.get('error_status_code')} - {found.get('error_reason')}"
            raise ResourceFailure(f"Order '{resource.name}' failed: {reason}")
        return None if found.get("status") == "ACTIVE" else soon(context)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        if name == "order_ref":
            return resource.physical_id
        found = await self.document(context, resource)
        if name in ("public_key", "private_key", "certificate", "intermediates"):
            refs = await secrets_of(context, str(found.get("container_ref") or ""))
            return await payload(context, refs[name]) if name in refs else None
        if name in ("secret_ref", "container_ref"):
            return _address(context, f"{name.removesuffix('_ref')}s", found.get(name))
        return found.get(name)


class Container(Kept):
    """The containers: with named secrets, a certificate, or a pair of keys."""

    words: ClassVar[str] = "containers"
    kind: ClassVar[str] = "generic"
    names: ClassVar[Mapping[str, str]] = {}

    def _refs(self, properties: Mapping[str, Any]) -> list[tuple[str, str]]:
        if self.kind == "generic":
            return [(one["name"], one["ref"]) for one in properties.get("secrets") or ()]
        return [(word, properties[name]) for name, word in self.names.items() if properties.get(name)]

    async def validate(self, context: Context, resource: Resource) -> None:
        refs = [ref for _, ref in self._refs(resource.properties) if ref]
        refuse(len(refs) != len(set(refs)), "Duplicate refs are not allowed.")

    def body(self, context: Context, resource: Resource, values: dict[str, Any]) -> dict[str, Any]:
        refs = [{"name": name, "secret_ref": ref} for name, ref in self._refs(values)]
        body: dict[str, Any] = {"type": self.kind, "secret_refs": refs}
        return {**body, "name": values["name"]} if values.get("name") else body

    async def created(self, context: Context, resource: Resource) -> float | None:
        found = await self.document(context, resource)
        return None if found.get("status") == "ACTIVE" else soon(context)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        if name == "container_ref":
            return resource.physical_id
        if name == "secret_refs":
            return await secrets_of(context, resource.physical_id)
        return (await self.document(context, resource)).get(name)


class Certificate(Container):
    """OS::Barbican::CertificateContainer."""

    kind: ClassVar[str] = "certificate"
    names: ClassVar[Mapping[str, str]] = {
        "certificate_ref": "certificate",
        "private_key_ref": "private_key",
        "private_key_passphrase_ref": "private_key_passphrase",
        "intermediates_ref": "intermediates",
    }


class Rsa(Container):
    """OS::Barbican::RSAContainer."""

    kind: ClassVar[str] = "rsa"
    names: ClassVar[Mapping[str, str]] = {
        "private_key_ref": "private_key",
        "private_key_passphrase_ref": "private_key_passphrase",
        "public_key_ref": "public_key",
    }


TYPES = {
    **table(Row("OS::Barbican::Secret", _V1 + "Secrets", "Secret"), kind=Secret),
    **table(Row("OS::Barbican::Order", _V1 + "Orders", "Order"), kind=Order),
    **table(Row("OS::Barbican::GenericContainer", _V1 + "Containers", "Container"), kind=Container),
    **table(Row("OS::Barbican::CertificateContainer", _V1 + "Containers", "Container"), kind=Certificate),
    **table(Row("OS::Barbican::RSAContainer", _V1 + "Containers", "Container"), kind=Rsa),
}

"""Wait conditions and their handles: a stack waits until it has been signalled often enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import Described
from mopenstack.core.orchestration.resource_types.own import stack_users
from mopenstack.core.orchestration.resource_types.own.signals import (
    WAITCONDITION,
    Signalled,
    as_json,
    sign,
    signal_url,
    signed_url,
)

_STATUSES = ("FAILURE", "SUCCESS")


class Handle(Signalled):
    """What is signalled; each signal is an entry of its metadata, by its id. The words are those of its keys."""

    keys: ClassVar[tuple[str, str, str, str]] = ("data", "reason", "status", "id")

    def normal(self, details: Any, count: int) -> Any:
        """A signal with what it leaves out; `count` signals came before it."""
        return details

    async def signal(self, context: Context, resource: Resource, details: Any) -> str | None:
        details = self.normal(details, len(resource.metadata))
        _, reason, status, unique = self.keys
        if not isinstance(details, Mapping) or set(details) != set(self.keys) or details[status] not in _STATUSES:
            raise ResourceFailure("Metadata format invalid", "ValueError")
        entry = {key: value for key, value in details.items() if key != unique}
        await context.set_metadata(resource, {**resource.metadata, str(details[unique]): entry})
        await context.wake()
        return f"status:{details[status]} reason:{details[reason]}"


class HeatHandle(Handle):
    """OS::Heat::WaitConditionHandle: signalled by the API, with a token."""

    def normal(self, details: Any, count: int) -> Any:
        given = dict(details) if isinstance(details, Mapping) else details or {}
        if not isinstance(given, dict):
            return given
        plain = {"reason": f"Signal {count + 1} received", "data": None, "id": count + 1, "status": "SUCCESS"}
        return {**plain, **given}

    async def create(self, context: Context, resource: Resource) -> str | None:
        user_id = await stack_users.make(context, resource, password=True)
        transport = resource.properties["signal_transport"]
        if transport == "TOKEN_SIGNAL":
            resource.data["token"] = await stack_users.token(context, resource)
            resource.data["endpoint"] = signal_url(context, resource, context.user_project_id)
        elif transport == "CFN_SIGNAL":
            await sign(context, resource)
        return user_id

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        if name == "signal":
            return as_json(await self.signal_of(context, resource, WAITCONDITION) or None)
        token, endpoint = resource.data.get("token"), resource.data.get("endpoint")
        if name != "curl_cli":
            return token if name == "token" else endpoint
        if token is None or endpoint is None:
            return None
        return (
            f"curl -i -X POST -H 'X-Auth-Token: {token}' -H 'Content-Type: application/json' "
            f"-H 'Accept: application/json' {endpoint}"
        )


class CfnHandle(Handle):
    """AWS::CloudFormation::WaitConditionHandle: its reference is an address that anyone may signal."""

    keys: ClassVar[tuple[str, str, str, str]] = ("Data", "Reason", "Status", "UniqueId")

    async def create(self, context: Context, resource: Resource) -> str | None:
        user_id = await super().create(context, resource)
        await sign(context, resource)
        return user_id

    async def signal(self, context: Context, resource: Resource, details: Any) -> str | None:
        return "" if details is None else await super().signal(context, resource, details)

    async def reference(self, context: Context, resource: Resource) -> Any:
        return signed_url(context, resource, WAITCONDITION) if resource.physical_id else resource.name


class UpdateHandle(CfnHandle):
    """OS::Heat::UpdateWaitConditionHandle: every update makes a new one."""

    def replaces(self, context: Context, resource: Resource, new: Mapping[str, Any], changed: frozenset[str]) -> bool:
        return True


class Condition(Described):
    """OS::Heat::WaitCondition and AWS::CloudFormation::WaitCondition: done when enough signals have come."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._amazon = name.startswith("AWS::")

    def _word(self, word: str) -> str:
        return word.capitalize() if self._amazon else word

    async def create(self, context: Context, resource: Resource) -> str | None:
        await self._handle(context, resource)
        return None

    async def created(self, context: Context, resource: Resource) -> float | None:
        _, handle, keys = await self._handle(context, resource)
        _, reason, status, _ = keys
        entries = list(handle.metadata.values())
        left = resource.since + float(resource.properties[self._word("timeout")]) - context.now
        wanted = int(resource.properties[self._word("count")] or 1)
        failed = [one[reason] for one in entries if one[status] == "FAILURE"]
        if left <= 0:
            raise self._timeout([one[reason] for one in entries if one[status] == "SUCCESS"], wanted)
        if any(one[status] != "SUCCESS" for one in entries):
            raise ResourceFailure(";".join(str(one) for one in failed), "WaitConditionFailure")
        return None if len(entries) >= wanted else left

    @staticmethod
    def _timeout(reasons: list[Any], wanted: int) -> ResourceFailure:
        text = f"{len(reasons)} of {wanted} received"
        if reasons:
            text += " - " + ";".join(str(one) for one in reasons)
        return ResourceFailure(text, "WaitConditionTimeout")

    async def updated(self, context: Context, resource: Resource) -> float | None:
        return await self.created(context, resource)

    async def delete(self, context: Context, resource: Resource) -> None:
        try:
            owner, handle, _ = await self._handle(context, resource)
        except ResourceFailure:
            return
        await owner.set_metadata(handle, {})

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        try:
            _, handle, keys = await self._handle(context, resource)
        except ResourceFailure:
            return ""
        return as_json({key: one[keys[0]] for key, one in handle.metadata.items()})

    async def _handle(self, context: Context, resource: Resource) -> tuple[Context, Resource, tuple[str, ...]]:
        """The handle, its context, and the keys of its entries; raises ResourceFailure for what is none."""
        value = resource.properties[self._word("handle")]
        found = await context.find(value) if value and "://" not in value else None
        owner, handle = found if found is not None else (context, await self._named(context, value))
        kind = None if handle is None else KINDS.get(handle.type)
        if handle is None or kind is None:
            name = value if handle is None else handle.name
            raise ResourceFailure(f"{name} is not a valid wait condition handle.", "ValueError")
        return owner, handle, kind.keys

    @staticmethod
    async def _named(context: Context, value: Any) -> Resource | None:
        """The handle that a signed address is of."""
        _, _, name = unquote(urlsplit(str(value or "")).path).partition("/resources/")
        return await context.peer(name) if name else None


KINDS: dict[str, type[Handle]] = {
    "OS::Heat::WaitConditionHandle": HeatHandle,
    "OS::Heat::UpdateWaitConditionHandle": UpdateHandle,
    "AWS::CloudFormation::WaitConditionHandle": CfnHandle,
}

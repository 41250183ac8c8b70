"""OS::Heat::SwiftSignalHandle and OS::Heat::SwiftSignal: a stack waits for what is uploaded to a signed address.

The address is of an object that keeps its versions: each upload is a signal.
Sources: heat/engine/resources/openstack/heat/swiftsignal.py, heat/engine/clients/os/swift.py.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from mopenstack.contract.faults import Conflict, Fault, NotFound
from mopenstack.core.orchestration.resource_types import rpcs
from mopenstack.core.orchestration.resource_types.base import Context, Resource, ResourceFailure
from mopenstack.core.orchestration.resource_types.described import Described
from mopenstack.core.orchestration.resource_types.mapped import POLL
from mopenstack.core.orchestration.resource_types.services.object_store import account, names_in, root

_V1 = "mopenstack.object_store.v1."
_IN_PROGRESS = b"in progress"
"""What the object has before the first signal."""
_EXPIRES = 2147483647 - 60
"""When the address is no longer good, in seconds since the epoch."""
_KEY = "temp-url-key"
_BODY_MAX = 65_536
"""Bytes of a signal that are read; Heat reads them all."""
_LISTED = "_listed"
"""Of the resource's data: what was there at the last look. Each upload adds a version: else nothing has come."""
_SIGNALS_MAX = 1_000
"""Signals that are read: the most that a resource may wait for."""


class SwiftSignalHandle(Described):
    """Its id is the name of the object, its reference the address; the stack's id is the name of the container."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        name = context.physical_name(resource)
        path = [account(context), context.stack_id]
        await rpcs.call(context, f"{_V1}Containers.CreateContainer", path, {"versions_location": context.stack_id})
        own = context.call.elevated(context.call.caller)
        own.blob = await own.write_bytes(_chunks(_IN_PROGRESS))
        await own.ask(
            f"{_V1}Objects.PutObject",
            account=path[0],
            container=path[1],
            object=name,
            content_length=str(len(_IN_PROGRESS)),
        )
        resource.data["endpoint"] = await _signed(context, f"{path[0]}/{path[1]}/{name}")
        return name

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        if not resource.physical_id:
            return None
        endpoint = resource.data.get("endpoint")
        return {"token": "", "endpoint": endpoint, "curl_cli": f"curl -i -X PUT '{endpoint}'"}.get(name)

    async def reference(self, context: Context, resource: Resource) -> Any:
        return resource.data.get("endpoint")

    async def delete(self, context: Context, resource: Resource) -> None:
        path = [account(context), context.stack_id]
        with suppress(NotFound):
            while True:  # each one brings the version before it back
                await rpcs.call(context, f"{_V1}Objects.DeleteObject", [*path, context.physical_name(resource)])
        with suppress(NotFound, Conflict):
            await rpcs.call(context, f"{_V1}Containers.DeleteContainer", path)
        resource.data.pop("endpoint", None)


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _signed(context: Context, path: str) -> str:
    """The address of an object, signed for uploads with the account's key, which is made if there is none."""
    own = [account(context)]
    key = await _key(context, own)
    if key is None:
        key = context.call.ids.hex()
        await rpcs.call(context, f"{_V1}Accounts.UpdateAccount", own, {"metadata": {_KEY: key}})
    signature = hmac.new(key.encode(), f"PUT\n{_EXPIRES}\n/v1/{path}".encode(), "sha256").hexdigest()
    front = root(context).removesuffix(f"/v1/{own[0]}")
    return f"{front}/v1/{path}?temp_url_sig={signature}&temp_url_expires={_EXPIRES}"


async def _key(context: Context, path: list[str]) -> str | None:
    answer = await rpcs.raw(context, f"{_V1}Accounts.ShowAccount", path)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return headers.get(f"x-account-meta-{_KEY}")


class SwiftSignal(Described):
    """Done when enough signals have come."""

    async def create(self, context: Context, resource: Resource) -> str | None:
        path = urlsplit(resource.properties["handle"]).path
        parts = _below(context, path).split("/", 4)
        wrong = ""
        if not (
            len(parts) == 5
            and parts[:2] == ["", "v1"]
            and parts[2].endswith(context.project_id)
            and parts[3]
            and parts[4].strip("/")
        ):
            wrong = "Swift TempURL path"
        elif parts[3] != context.stack_id:
            wrong = "container name"
        if wrong:
            text = f'"{path}" is not a valid SwiftSignalHandle.  The {wrong} is invalid'
            raise ResourceFailure(text, "ValueError")
        return None

    async def created(self, context: Context, resource: Resource) -> float | None:
        wanted = int(resource.properties["count"])
        left = resource.since + float(resource.properties["timeout"]) - context.now
        names = await self._names(context, resource)
        listed = hashlib.sha256("\n".join(names).encode()).hexdigest()
        if left > 0 and resource.data.get(_LISTED) == listed:
            return min(left, POLL)
        resource.data[_LISTED] = listed
        signals = await self._signals(context, names)
        if left <= 0:
            reasons = [str(one["reason"]) for one in signals if one["status"] == "SUCCESS"]
            text = f"{len(reasons)} of {wanted} received" + (f" - {';'.join(reasons)}" if reasons else "")
            raise ResourceFailure(text, "SwiftSignalTimeout")
        for one in signals:
            if one["status"] == "FAILURE":
                reasons = [str(other["reason"]) for other in signals if other["status"] == "FAILURE"]
                raise ResourceFailure(";".join(reasons), "SwiftSignalFailure")
            if one["status"] != "SUCCESS":
                raise ResourceFailure(f"Unknown status: {one['status']}")
        return None if signals and len(signals) >= wanted else min(left, POLL)

    async def attribute(self, context: Context, resource: Resource, name: str) -> Any:
        signals = await self._signals(context, await self._names(context, resource))
        return json.dumps({one["id"]: one["data"] for one in signals} if signals else None)

    @staticmethod
    async def _names(context: Context, resource: Resource) -> list[str]:
        """The names of the object and its versions."""
        name = _below(context, urlsplit(resource.properties["handle"]).path).split("/")[4]
        try:
            return [one for one in await names_in(context, [account(context), context.stack_id]) if name in one]
        except NotFound:
            return []

    @staticmethod
    async def _signals(context: Context, names: list[str]) -> list[dict[str, Any]]:
        """The signals that have come, with what they leave out; raises ResourceFailure for what is none."""
        path = [account(context), context.stack_id]
        signals: list[dict[str, Any]] = []
        number = 1
        for one in names[: _SIGNALS_MAX + 1]:
            body = await _body(context, [*path, one])
            if body is None or body == _IN_PROGRESS:
                continue
            signal = _parsed(body)
            if "id" in signal:
                signals = [other for other in signals if other["id"] != signal["id"]]
            unique = signal.setdefault("id", number)
            plain = {"data": None, "reason": f"Signal {unique} received", "status": "SUCCESS"}
            signals.append({**plain, **signal})
            number += 1
        return signals


def _below(context: Context, path: str) -> str:
    """The path of an object below the address of the object store."""
    front = urlsplit(root(context)).path.removesuffix(f"/v1/{account(context)}")
    return path.removeprefix(front) if path.startswith(f"{front}/") else path


async def _body(context: Context, path: list[str]) -> bytes | None:
    """What an object has, as far as it is read; None where it is gone."""
    await asyncio.sleep(0)
    try:
        answer = await rpcs.raw(context, f"{_V1}Objects.GetObject", path)
    except Fault:
        return None
    found = b""
    async for chunk in answer.chunks:
        found += chunk
        if len(found) > _BODY_MAX:
            break
    return found[:_BODY_MAX]


def _parsed(body: bytes) -> dict[str, Any]:
    text = body.decode(errors="replace")
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        raise ResourceFailure(f"Failed to parse JSON data: {text}") from None
    if not isinstance(found, dict):
        text = f"'{type(found).__name__}' object has no attribute 'setdefault'"
        raise ResourceFailure(text, "AttributeError")
    return found

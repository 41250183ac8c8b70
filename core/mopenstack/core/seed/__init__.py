"""The seed: what a fresh cloud holds, as data. It is a list of RPCs that are made in the cloud's own name.

A seed is a YAML file, or a folder of them (in the order of their names). Each item is one call:

    - call: CreateNetwork                  # an RPC's name, or Service.Method where two APIs share one
      api: network                         # the Api's type; only where the name is ambiguous
      request: {network: {name: public, external: true}}   # proto field names, as over gRPC
      keep: public                         # the answer's object, for ${public.id} further down
      user: ${admin.id}                    # in whose name, and in which project
      project: ${admin_project.id}
      bytes: {size: 16384, head: "514649fb"}   # for uploads: zeros behind a head in hex

`devstack/` beside this module is the default. A user's own file replaces it (`mopenstack up --seed FILE`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from google.protobuf.message import Message

from mopenstack.contract.calls import ByteStream, CallMetadata, Page
from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import Operation
from mopenstack.core.engine.caller import SYSTEM
from mopenstack.core.engine.engine import Engine, Plant

DEVSTACK = Path(__file__).parent / "devstack"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, ten times as fast, where it was built in."""
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")


class BadSeed(Exception):
    """A seed that cannot be planted; says which call and why."""


@dataclass(slots=True)
class _Step:
    operation: Operation
    item: dict[str, Any]
    place: str


def planter(seed: Path | None = None) -> Plant:
    """A function that plants a seed into an engine's cloud; raises BadSeed."""
    return lambda engine, cloud: plant(engine, cloud, seed or DEVSTACK)


async def plant(engine: Engine, cloud: str, seed: Path) -> None:
    """Make every call of the seed, in order."""
    kept: dict[str, Message] = {}
    for step in _read(engine, seed):
        await _make(engine, cloud, step, kept)


async def _make(engine: Engine, cloud: str, step: _Step, kept: dict[str, Message]) -> None:
    item = _fill(step.item, kept, step.place)
    caller = replace(SYSTEM, user_id=item.get("user", ""), project_id=item.get("project", ""))
    request = step.operation.request()
    try:
        json_format.ParseDict(item.get("request") or {}, request)
        reply = await engine.call_as(caller, step.operation, request, CallMetadata(cloud=cloud, body=_bytes(item)))
    except (json_format.ParseError, Fault) as error:
        raise BadSeed(f"{step.place}: {error}") from error
    if "keep" in item:
        kept[item["keep"]] = _object(reply.result)


def _read(engine: Engine, seed: Path) -> list[_Step]:
    served: dict[str, list[Operation]] = {}
    for operation in engine.served():
        for name in (operation.method, f"{operation.service.rpartition('.')[2]}.{operation.method}", operation.name):
            served.setdefault(name, []).append(operation)
    steps = []
    for file in sorted(seed.glob("*.yaml")) if seed.is_dir() else [seed]:
        for number, item in enumerate(yaml.load(file.read_bytes(), _LOADER) or [], 1):  # noqa: S506  # both are safe ones
            place = f"{file.name}, call {number} ({item.get('call')})"
            found = served.get(item.get("call", ""), [])
            if "api" in item:
                found = [operation for operation in found if operation.api.type == item["api"]]
            if len(found) != 1:
                raise BadSeed(f"{place}: {'no such RPC is served' if not found else 'name its api'}")
            steps.append(_Step(found[0], item, place))
    return steps


def _fill(value: Any, kept: dict[str, Message], place: str) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, kept, place) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, kept, place) for item in value]
    if not isinstance(value, str):
        return value

    def one(match: re.Match[str]) -> str:
        name, *path = match.group(1).split(".")
        if name not in kept:
            raise BadSeed(f"{place}: nothing is kept as {name!r}")
        found: Any = kept[name]
        for part in path:
            found = getattr(found, part)
        return str(found)

    return _REFERENCE.sub(one, value)


def _bytes(item: dict[str, Any]) -> AsyncIterator[bytes] | None:
    if "bytes" not in item:
        return None
    spec = item["bytes"]

    async def chunks() -> AsyncIterator[bytes]:
        if "file" in spec:
            yield await asyncio.to_thread(Path(spec["file"]).read_bytes)
            return
        head = bytes.fromhex(spec.get("head", ""))
        yield head
        yield bytes(int(spec["size"]) - len(head))

    return chunks()


def _object(result: Message | Page | ByteStream) -> Message:
    """The object of an answer: itself, or what its envelope holds."""
    assert isinstance(result, Message)
    for field, value in result.ListFields():
        if len(result.DESCRIPTOR.fields) == 1 and isinstance(value, Message) and not field.is_repeated:
            return value
    return result

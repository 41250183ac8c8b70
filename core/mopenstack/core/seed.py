"""The seed: what a fresh cloud holds, as data. It is a list of RPCs that are made in the cloud's own name.

A seed is a YAML file, or a folder of them (in the order of their names). Each item is one call:

    - call: CreateNetwork                  # an RPC's name, or Service.Method where two APIs share one
      api: network                         # the Api's type; only where the name is ambiguous
      request: {network: {name: public, external: true}}   # proto field names, as over gRPC
      keep: public                         # the answer's object, for ${public.id} further down
      user: ${admin.id}                    # in whose name, and in which project
      project: ${admin_project.id}
      bytes: {size: 16384, head: "514649fb"}   # for uploads: zeros behind a head in hex

or `- catalog: RegionOne`: the catalog's services and endpoints, in that region, of every API that is served; each
service is kept under its type (`${image.id}`).

Each service brings its own, which together are like DevStack's; `mopenstack up --seed FILE` applies that file instead.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from google.protobuf.message import Message

from mopenstack.contract.calls import ByteStream, Page, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import Operation
from mopenstack.contract.service import Service
from mopenstack.core.engine.administration import Seeder
from mopenstack.core.engine.caller import SYSTEM
from mopenstack.core.engine.engine import Engine

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, ten times as fast, where it was built in."""
_REFERENCE = re.compile(r"\$\{([\w.]+)\}")
_KEYS = frozenset({"call", "api", "request", "keep", "user", "project", "bytes"})
_INTERFACES = ("public", "internal", "admin")


class BadSeed(Exception):
    """A seed that cannot be applied; says which call and why."""


@dataclass(slots=True)
class _Step:
    operation: Operation
    item: dict[str, Any]
    place: str


def seeder(contract: Contract, seed: Path | None = None) -> Seeder:
    """A function that applies the services' seeds, or one of the user's, into an engine's cloud; raises BadSeed."""
    seeds = [seed] if seed is not None else [path for service in contract.services for path in _seed_of(service)]
    return lambda engine, cloud: apply_seed(engine, cloud, seeds)


async def apply_seed(engine: Engine, cloud: str, seeds: Iterable[Path]) -> None:
    """Make every call of the seeds, in order."""
    kept: dict[str, Message] = {}
    contract, served = engine.registry.contract, _served(engine)
    for seed in seeds:
        for step in _read(contract, served, seed):
            await _make(engine, cloud, step, kept)


def _seed_of(service: Service) -> Iterator[Path]:
    if service.seed:
        package, _, path = service.seed.partition(":")
        spec = importlib.util.find_spec(package)
        assert spec is not None, f"{service.name}: there is no package {package}"
        yield Path((spec.submodule_search_locations or [""])[0]) / path


async def _make(engine: Engine, cloud: str, step: _Step, kept: dict[str, Message]) -> None:
    item = _fill(step.item, kept, step.place)
    caller = replace(SYSTEM, user_id=item.get("user", ""), project_id=item.get("project", ""))
    request = step.operation.request()
    try:
        json_format.ParseDict(item.get("request") or {}, request)
        context = RequestContext(cloud=cloud, body=_bytes(item, step.place))
        reply = await engine.call(step.operation, request, context, caller)
    except (json_format.ParseError, Fault) as error:
        raise BadSeed(f"{step.place}: {error}") from error
    if "keep" in item:
        kept[item["keep"]] = _object(reply.result, step.place)


def _served(engine: Engine) -> dict[str, list[Operation]]:
    """What a seed may call an operation -> those that are called so."""
    served: dict[str, list[Operation]] = {}
    for plan in engine.registry.plans.values():
        operation = plan.operation
        for name in (operation.method, f"{operation.service.rpartition('.')[2]}.{operation.method}", operation.name):
            served.setdefault(name, []).append(operation)
    return served


def _read(contract: Contract, served: dict[str, list[Operation]], seed: Path) -> Iterator[_Step]:
    for file in sorted(seed.glob("*.yaml")) if seed.is_dir() else [seed]:
        for number, item in enumerate(_items(file), 1):
            place = f"{file.name}, item {number}"
            if not isinstance(item, dict):
                raise BadSeed(f"{place}: it is {item!r}, not a mapping with the key `call`")
            for one in _catalog(contract, item["catalog"]) if set(item) == {"catalog"} else [item]:
                yield _step(served, one, place)


def _items(file: Path) -> list[Any]:
    try:
        found = yaml.load(file.read_bytes(), _LOADER)  # noqa: S506  # both are safe ones
    except (OSError, yaml.YAMLError) as error:
        raise BadSeed(f"{file.name}: {error}") from None
    if found is None:
        return []
    if not isinstance(found, list):
        raise BadSeed(f"{file.name}: it holds a {type(found).__name__}, not a list of calls")
    return found


def _step(served: dict[str, list[Operation]], item: dict[str, Any], place: str) -> _Step:
    place = f"{place} ({item.get('call')})"
    if unknown := sorted(str(key) for key in item.keys() - _KEYS):
        raise BadSeed(f"{place}: unknown keys: {', '.join(unknown)}; known ones are {', '.join(sorted(_KEYS))}")
    found = served.get(str(item.get("call", "")), [])
    if "api" in item:
        found = [operation for operation in found if operation.api.type == item["api"]]
    if len(found) != 1:
        raise BadSeed(f"{place}: {'name its api' if found else 'no such RPC is served'}")
    if not isinstance(item.get("request") or {}, dict):
        raise BadSeed(f"{place}: its request is no mapping")
    return _Step(found[0], item, place)


def _catalog(contract: Contract, region: str) -> Iterator[dict[str, Any]]:
    """The calls that list the APIs; `cloud:` stands for the address by which a client reached the cloud."""
    for api in contract.apis.values():
        for entry in api.catalog:
            kind, name = entry.type or api.type, entry.name or api.name
            word = kind.replace("-", "_")
            service = {"name": name, "type": kind, "extras": {"description": entry.description}}
            yield {"call": "CreateService", "keep": word, "request": {"service": service}}
            for interface in _INTERFACES:
                endpoint = {"service_id": f"${{{word}.id}}", "region_id": region, "interface": interface}
                endpoint["url"] = f"cloud:{api.prefix}{entry.path}"
                yield {"call": "CreateEndpoint", "request": {"endpoint": endpoint}}


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
            if not hasattr(found, part):
                raise BadSeed(f"{place}: {name!r} has no field {part!r}")
            found = getattr(found, part)
        return str(found)

    return _REFERENCE.sub(one, value)


def _bytes(item: dict[str, Any], place: str) -> AsyncIterator[bytes] | None:
    if "bytes" not in item:
        return None
    spec = item["bytes"]
    try:
        file = Path(spec["file"]) if "file" in spec else None
        head = bytes.fromhex(spec.get("head", ""))
        rest = 0 if file else int(spec["size"]) - len(head)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadSeed(f"{place}: bytes are {{size: N, head: HEX}} or {{file: PATH}} ({error})") from None

    async def chunks() -> AsyncIterator[bytes]:
        if file is not None:
            yield await asyncio.to_thread(file.read_bytes)
            return
        yield head
        yield bytes(rest)

    return chunks()


def _object(result: Message | Page | ByteStream, place: str) -> Message:
    """The object of an answer: itself, or what its envelope holds."""
    if not isinstance(result, Message):
        raise BadSeed(f"{place}: its answer is no object that could be kept")
    for field, value in result.ListFields():
        if len(result.DESCRIPTOR.fields) == 1 and isinstance(value, Message) and not field.is_repeated:
            return value
    return result

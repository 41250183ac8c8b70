"""The seed: what a fresh cloud holds, as data. It is a list of RPCs that are made in the cloud's own name.

A seed is a YAML file, or a folder of them (in the order of their names). Each item is one call:

    - call: CreateNetwork                  # an RPC's name, or Service.Method where two APIs share one
      api: network                         # the Api's type; only where the name is ambiguous (a service's own seed
                                           # means its own RPC, whatever else is served)
      request: {network: {name: public, external: true}}   # proto field names, as over gRPC
      keep: public                         # the answer's object, for ${public.id} further down; of a list its only one
      id: 5f0c8f36-...                     # the id that the new object shall have; else a new one
      user: ${admin.id}                    # in whose name, and in which project
      project: ${admin_project.id}
      bytes: {size: 16384, head: "514649fb"}   # for uploads: zeros behind a head in hex

or `- catalog: ${region}`: the catalog's services and endpoints, in that region, of every API that is served; each
service is kept under its type (`${image.id}`); or all that another kind of cloud has, without some calls:

    - {like: devstack, without: [CreateFlavor]}

or `- options: {NAME: VALUE}`: options of the cloud (`mopenstack cloud options` lists them).

An item with `times: 3` is made so often, and `${number}` in it is 1, 2 and 3.

In a cloud of several regions a seed is planted in each; what they share (calls of Keystone) is made once, but for items
that name the region, which `${region}` stands for. An item with `region: NAME` is made in that one alone.

Each service brings its own, which together are like DevStack's; `mopenstack up --seed FILE` applies that file instead.
What an item may hold is declared in `seed_items.py`. Which fields a request gives are the keys that stand in the item,
also where the value is false or null.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from mopenstack.contract.calls import ByteStream, Page, RequestContext
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import Operation
from mopenstack.contract.service import Service
from mopenstack.core.engine.administration import Seeder
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import SYSTEM
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.fields import envelope_fields
from mopenstack.core.engine.regions import further
from mopenstack.core.engine.servicer import ResourceServicer
from mopenstack.core.seed_files import BadSeed, Item, items_of, like_file

_REFERENCE = re.compile(r"\$\{([\w.]+)\}")
_INTERFACES = ("public", "internal", "admin")
_CHUNK = 1024**2
CALLS_MAX = 100_000
OTHERS_AFTER = 50
"""After so many calls those of others have their turn."""
LIKE_DEPTH_MAX = 4
NUMBER, REGION = "${number}", "${region}"


_Call = tuple[str, dict[str, Any], str]
"""Where an item stands, the item, and the package whose own seed it is of, or ""."""


@dataclass(slots=True)
class _Step:
    operation: Operation
    item: dict[str, Any]
    place: str


def seeder(contract: Contract, seed: Path | None = None) -> Seeder:
    """A function that applies the services' seeds, or one of the user's, into an engine's cloud; raises BadSeed."""
    if seed is not None:
        from mopenstack.core.seed_items import read

        return seeder_of(lambda: [(read(seed), "")])
    return seeder_of(lambda: _seeds_of_services(contract))


def seeder_of(seeds: Callable[[], Iterable[tuple[Iterable[Item], str]]]) -> Seeder:
    """A function that applies seeds in their order; beside the items of each is its service's package, or ""."""

    async def apply(engine: Engine, cloud: str) -> None:
        kept: dict[str, Message] = {}
        home = await engine.find_cloud(cloud)
        for one in (home, *further(home)):
            for items, package in seeds():
                await apply_items(engine, one.address, items, package, kept, again=one is not home)

    return apply


def received(calls: Iterable[Any]) -> list[Item]:
    """The items that a client sent; raises BadSeed."""
    from mopenstack.core import seed_items

    return seed_items.received(calls)


def received_seeder(calls: Iterable[Any]) -> Seeder:
    """A function that applies the items that a client sent; raises BadSeed."""
    return seeder_of(lambda: [(received(calls), "")])


async def apply_items(
    engine: Engine,
    cloud: str,
    items: Iterable[Item],
    package: str = "",
    kept: dict[str, Message] | None = None,
    *,
    again: bool = False,
) -> int:
    """Make every call of a seed, in order, and count them; raises BadSeed, which names the item.

    `again`: for a further region; what all regions share is there already.
    """
    kept = {} if kept is None else kept
    await engine.registry.ready()
    served, count, found = _served(engine), 0, await engine.find_cloud(cloud)
    region = found.region_name
    if found.regions:  # they were chosen: the catalog is of these, whatever the seed calls its own
        items = ((place, {"catalog": REGION} if "catalog" in item else item) for place, item in items)
    for place, item, of in _calls(engine.registry.contract, items, package):
        if count == CALLS_MAX:
            raise BadSeed(f"{place}: a seed makes at most {CALLS_MAX} calls")
        if "options" in item:
            if not again:
                await _choose(engine, cloud, item["options"], place)
            continue
        if item.get("region", region) != region:
            continue
        step, names_region = _step(served, item, place, of), "region" in item or _replaced(item, REGION, region) != item
        if again and step.operation.package in engine.store.shared and not names_region:
            continue
        step.item = _replaced(item, REGION, region)
        await _make(engine, cloud, step, kept)
        count += 1
        if not count % OTHERS_AFTER:
            await asyncio.sleep(0)
    return count


async def _choose(engine: Engine, cloud: str, options: dict[str, str], place: str) -> None:
    """Set options of the cloud; raises BadSeed."""
    found = await engine.find_cloud(cloud)
    try:
        changes = engine.registry.options.checked(options)
        await engine.transact(
            found, RequestContext(cloud=cloud), lambda call: engine.registry.options.apply(call, changes)
        )
    except Fault as error:
        raise BadSeed(f"{place}: {error}") from error
    await engine.settings.change(found, lambda fresh: fresh.options.update(changes))


def _calls(contract: Contract, items: Iterable[Item], package: str, depth: int = 0) -> Iterator[_Call]:
    """The calls that items stand for, and what they choose; raises BadSeed."""
    for place, item in items:
        if "catalog" in item:
            yield from ((place, one, package) for one in _catalog(contract, item["catalog"]))
        elif "like" in item:
            if depth == LIKE_DEPTH_MAX:
                raise BadSeed(f"{place}: {item['like']} is like itself")
            yield from _like(contract, item, place, depth)
        else:
            for number in range(1, item.get("times", 1) + 1):
                yield place, _replaced(item, NUMBER, str(number)) if "times" in item else item, package


def _like(
    contract: Contract, item: dict[str, Any], place: str, depth: int
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The calls of another kind of cloud that are not left out; raises BadSeed for one that is not there."""
    try:
        file = like_file(item["like"])
    except BadSeed as error:
        raise BadSeed(f"{place}: {error}") from None
    seeds = [(items_of(file), "")] if file is not None else _seeds_of_services(contract)
    left_out = dict.fromkeys(item.get("without", ()), 0)
    for items, package in seeds:
        for where, call, of in _calls(contract, items, package, depth + 1):
            if (name := call.get("call")) in left_out:
                left_out[name] += 1
            else:
                yield where, call, of
    for call, times in left_out.items():
        if not times:
            raise BadSeed(f"{place}: {item['like']} has no call {call} that could be left out")


def _seeds_of_services(contract: Contract) -> list[tuple[Iterable[Item], str]]:
    return [(items_of(path), one.contract) for one in contract.services for path in _seed_of(one)]


def _replaced(value: Any, word: str, text: str) -> Any:
    """The value with a text in the place of a word."""
    if isinstance(value, dict):
        return {key: _replaced(item, word, text) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, word, text) for item in value]
    return value.replace(word, text) if isinstance(value, str) else value


def _seed_of(service: Service) -> Iterator[Path]:
    if service.seed:
        package, _, path = service.seed.partition(":")
        spec = importlib.util.find_spec(package)
        assert spec is not None, f"{service.name}: there is no package {package}"
        yield Path((spec.submodule_search_locations or [""])[0]) / path


async def _make(engine: Engine, cloud: str, step: _Step, kept: dict[str, Message]) -> None:
    item = _fill(step.item, kept, step.place)
    caller = replace(SYSTEM, user_id=item.get("user") or "", project_id=item.get("project") or "")
    request = step.operation.request()
    wanted = item.get("id") or ""
    if wanted and await _is_taken(engine, cloud, step.operation, wanted):
        raise BadSeed(f"{step.place}: there is something with the id {wanted} already")
    try:
        _read_request(request, item.get("request") or {})
        context = RequestContext(cloud=cloud, body=_bytes(item, step.place), wanted_id=wanted)
        reply = await engine.call(step.operation, request, context, caller)
    except (json_format.ParseError, Fault) as error:
        raise BadSeed(f"{step.place}: {error}") from error
    if wanted:
        made = _object(reply.result, step.place)
        if wanted not in (id := getattr(made, "id", ""), getattr(made, "uuid", "")):
            raise BadSeed(f"{step.place}: what it makes cannot be given an id (it has {id!r})")
    if item.get("keep"):
        kept[item["keep"]] = _object(reply.result, step.place)


async def _is_taken(engine: Engine, cloud: str, operation: Operation, id: str) -> bool:
    """Whether an object of the kind that an operation makes has an id."""
    servicer = engine.registry.plan(operation.name).servicer
    if not isinstance(servicer, ResourceServicer):
        return False
    message = servicer.message

    async def look(call: Call) -> bool:
        return await call.tx.get(message, id) is not None

    return await engine.transact(await engine.find_cloud(cloud), RequestContext(cloud=cloud), look)


def _read_request(request: Any, document: dict[str, Any]) -> None:
    """Fill a request; its mask says which keys stand there, unless the document has one."""
    json_format.ParseDict(document, request)
    body, mask = envelope_fields(request.DESCRIPTOR)
    if not mask or getattr(request, mask).paths:
        return
    names = {field.json_name: field.name for field in request.DESCRIPTOR.fields}
    inner = next((value for key, value in document.items() if names.get(key, key) == body), None)
    if isinstance(inner, dict):
        fields = getattr(request, body).DESCRIPTOR.fields
        words = {word: field.name for field in fields for word in (field.name, field.json_name)}
        getattr(request, mask).paths.extend(words[key] for key in inner)


def _served(engine: Engine) -> dict[str, list[Operation]]:
    """What a seed may call an operation -> those that are called so."""
    served: dict[str, list[Operation]] = {}
    for plan in engine.registry.plans.values():
        operation = plan.operation
        for name in (operation.method, f"{operation.service.rpartition('.')[2]}.{operation.method}", operation.name):
            served.setdefault(name, []).append(operation)
    return served


def _step(served: dict[str, list[Operation]], item: dict[str, Any], place: str, package: str) -> _Step:
    place = f"{place} ({item['call']})"
    found = served.get(item["call"], [])
    if item.get("api"):
        found = [operation for operation in found if operation.api.type == item["api"]]
    if len(found) > 1:
        found = [operation for operation in found if operation.package == package] or found
    if len(found) != 1:
        raise BadSeed(f"{place}: {'name its api' if found else 'no such RPC is served'}")
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
    spec = item.get("bytes")
    if not spec:
        return None

    async def chunks() -> AsyncIterator[bytes]:
        if spec.get("file"):
            try:
                yield await asyncio.to_thread(Path(spec["file"]).read_bytes)
            except OSError as error:
                raise BadSeed(f"{place}: {error}") from None
            return
        head = bytes.fromhex(spec.get("head") or "")
        yield head
        for start in range(len(head), spec["size"], _CHUNK):
            yield bytes(min(_CHUNK, spec["size"] - start))

    return chunks()


def _object(result: Message | Page | ByteStream, place: str) -> Message:
    """The object of an answer: itself, or what its envelope holds; of a list the only one."""
    if isinstance(result, Page):
        if len(result.items) != 1:
            raise BadSeed(f"{place}: it lists {len(result.items)} objects; one can be kept")
        return result.items[0]
    if not isinstance(result, Message):
        raise BadSeed(f"{place}: its answer is no object that could be kept")
    for field, value in result.ListFields():
        if len(result.DESCRIPTOR.fields) == 1 and isinstance(value, Message) and not field.is_repeated:
            return value
    return result

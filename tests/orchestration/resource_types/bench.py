"""Resource types without a stack engine: each action in a transaction of its own, in a cloud with the real services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

from google.protobuf.message import Message

from mopenstack.contract.calls import RequestContext
from mopenstack.contract.faults import NotFound
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.orchestration import resource_types
from mopenstack.core.orchestration.resource_types.base import Missing, Property, Resource
from tests.conftest import Cloud

T = TypeVar("T")
LOOKS = 60


def complete(schema: Mapping[str, Property], given: Mapping[str, Any]) -> dict[str, Any]:
    """Properties as the stack engine gives them: all keys, with defaults, at every depth."""
    return {name: _value(one, given.get(name)) for name, one in schema.items()}


def _value(schema: Property, value: Any) -> Any:
    value = schema.default if value is None else value
    if value is None or schema.schema is None:
        return value
    if isinstance(schema.schema, Property):
        return [_value(schema.schema, one) for one in value] if isinstance(value, list) else value
    return complete(schema.schema, value) if isinstance(value, Mapping) else value


@dataclass
class BenchContext:
    """What a type may use, of one call; there are no nested stacks."""

    call: Call
    bench: Bench
    stack_name: str = "stack"
    stack_id: str = "5b7e3cbc-6a4c-4d6c-8bd1-6c4e6d3b6d54"
    url: str = "http://127.0.0.1:8800/heat-api/v1"
    files: Mapping[str, str] = field(default_factory=dict)
    children: Any = None

    @property
    def project_id(self) -> str:
        return self.call.caller.project_id

    @property
    def now(self) -> float:
        return self.call.time

    def physical_name(self, resource: Resource, limit: int = 255) -> str:
        return f"{self.stack_name}-{resource.name}-{resource.uuid[:12]}"[-limit:]

    async def invoke(self, operation: str, request: Message, *, microversion: int | None = None) -> Any:
        if microversion is None:
            return await self.call.invoke(operation, request)
        return await self.call.invoke(operation, request, microversion=microversion)

    async def ask(self, operation: str, values: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    async def set_metadata(self, resource: Resource, metadata: Mapping[str, Any]) -> None:
        resource.metadata = dict(metadata)

    async def peer(self, name: str) -> Resource | None:
        return self.bench.resources.get(name)

    async def peers(self) -> list[Resource]:
        return list(self.bench.resources.values())

    async def find(self, uuid: str) -> tuple[BenchContext, Resource] | None:
        for one in self.bench.resources.values():
            if uuid and uuid in (one.uuid, one.physical_id):
                return self, one
        return None

    async def save(self, resource: Resource) -> None:
        return

    async def wake(self) -> None:
        return


@dataclass
class Bench:
    """One user's resources in a cloud."""

    cloud: Cloud
    caller: Caller
    resources: dict[str, Resource] = field(default_factory=dict)

    async def within(self, run: Callable[[BenchContext], Awaitable[T]]) -> T:
        """Run something in a transaction; raises what it raises, and nothing happened then."""
        engine = self.cloud.serving.engine
        cloud = await engine.find_cloud(self.cloud.name)
        context = RequestContext(cloud=self.cloud.name, cloud_url=self.cloud.url)
        return await engine.transact(cloud, context, lambda call: run(BenchContext(call.elevated(self.caller), self)))

    async def create(self, kind: str, **given: Any) -> Resource:
        """A resource of a type, once it is complete."""
        found = resource_types.find(kind)
        resource = Resource(f"r{len(self.resources)}", kind, str(uuid4()))
        resource.properties = complete(found.properties, given)
        resource.given = frozenset(given)
        await self.within(lambda context: found.validate(context, resource))  # type: ignore[arg-type]
        resource.since = await self.within(_now)
        resource.action, resource.status = "CREATE", "IN_PROGRESS"
        made = await self.within(lambda context: found.create(context, resource))  # type: ignore[arg-type]
        resource.physical_id = made or resource.physical_id
        self.resources[resource.name] = resource
        await self._until(lambda context: found.created(context, resource))  # type: ignore[arg-type]
        resource.status = "COMPLETE"
        return resource

    async def update(self, resource: Resource, **changes: Any) -> None:
        """Change some properties of a resource, until it is complete."""
        found = resource_types.find(resource.type)
        given = {**{name: resource.properties[name] for name in resource.given}, **changes}
        new = complete(found.properties, given)
        changed = frozenset(name for name in new if new[name] != resource.properties[name])
        resource.since = await self.within(_now)
        await self.within(lambda context: found.update(context, resource, dict(new), changed))  # type: ignore[arg-type]
        resource.properties, resource.given = new, frozenset(given)
        await self._until(lambda context: found.updated(context, resource))  # type: ignore[arg-type]

    async def delete(self, resource: Resource) -> None:
        """Delete a resource, until it is gone."""
        found = resource_types.find(resource.type)
        try:
            await self.within(lambda context: found.delete(context, resource))  # type: ignore[arg-type]
            await self._until(lambda context: found.deleted(context, resource))  # type: ignore[arg-type]
        except (NotFound, Missing):
            pass
        del self.resources[resource.name]

    async def attribute(self, resource: Resource, name: str, *path: Any) -> Any:
        found = resource_types.find(resource.type)
        return await self.within(lambda context: found.selected(context, resource, name, path))  # type: ignore[arg-type]

    async def custom(self, constraint: str, value: Any) -> str:
        return await self.within(lambda context: resource_types.custom(context, constraint, value))  # type: ignore[arg-type]

    async def _until(self, look: Callable[[BenchContext], Awaitable[float | None]]) -> None:
        for _ in range(LOOKS):
            if await self.within(look) is None:
                return
        raise AssertionError("it is not there after many looks")


async def _now(context: BenchContext) -> float:
    return context.now


async def bench(cloud: Cloud, name: str = "demo") -> Bench:
    """The resources of a user in the project of the same name."""
    user = await cloud.user(name)
    roles = {"member", "reader", "creator"} | ({"admin", "manager"} if name == "admin" else set())
    caller = Caller(
        user_id=user.user_id,
        user_name=name,
        user_domain_id="default",
        project_id=user.project_id,
        project_name=name,
        project_domain_id="default",
        roles=frozenset(roles),
        token=user.token,
    )
    return Bench(cloud, caller)

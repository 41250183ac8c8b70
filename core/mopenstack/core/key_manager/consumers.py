"""Who uses secrets and containers (barbican.api.controllers.consumers)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from google.protobuf.message import Message

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.key_manager.base import OfProject, count, is_uuid, page_of
from mopenstack.key_manager.v1 import (
    container_consumers_pb2,
    containers_pb2,
    refusals,
    secret_consumers_pb2,
    secrets_pb2,
)


class _Consumers(OfProject):
    """The consumers of the call's target, which are a part of it.

    `consumer` is their message, `names` what tells them apart, `counted` the counter of what a project registered.
    """

    consumer: ClassVar[type[Any]]
    names: ClassVar[tuple[str, ...]]
    counted: ClassVar[str]

    async def listed(self, call: Call, request: Any) -> Result:
        return page_of(list(call.target.consumers), request.query)

    async def shown(self, call: Call, request: Any) -> Result:
        if not is_uuid(request.consumer_id):
            raise refusals.InvalidConsumerId()
        for found in call.target.consumers:
            if found.id == request.consumer_id:
                one: Result = found
                return one
        raise refusals.ConsumerNotFound()

    async def register(self, call: Call, request: Any) -> Result:
        project_id = call.caller.project_id or call.target.project_id
        await self._check_quota(call, project_id)
        values = self._values(request)
        new = await call.tx.edit(type(call.target), call.target.id)
        if self._find(new, values) is None:
            added = new.consumers.add(id=call.ids.uuid(), owner_project_id=project_id, status="ACTIVE", **values)
            call.stamp(added.created_at)
            call.stamp(added.updated_at)
            await count(call, project_id, self.counted, 1)
        call.stamp(new.updated_at)
        await call.tx.put(new)
        kept: Any = await call.tx.get(type(new), new.id)
        assert isinstance(kept, Message)
        return kept

    async def unregister(self, call: Call, request: Any) -> Result:
        values = self._values(request)
        found = self._find(call.target, values)
        if found is None:
            raise refusals.ConsumerNotFound()
        mine = (found.owner_project_id, call.target.project_id)
        if call.caller.project_id not in mine and not call.caller.is_internal:
            raise refusals.NotYourConsumer()
        new = await call.tx.edit(type(call.target), call.target.id)
        new.consumers.remove(found)
        await count(call, found.owner_project_id, self.counted, -1)
        await call.tx.put(new)
        kept: Any = await call.tx.get(type(new), new.id)
        assert isinstance(kept, Message)
        return kept

    def _values(self, request: Any) -> Mapping[str, str]:
        return {name: getattr(request, name) for name in self.names}

    @staticmethod
    def _find(owner: Any, values: Mapping[str, str]) -> Any:
        for found in owner.consumers:
            if all(getattr(found, name) == value for name, value in values.items()):
                return found
        return None

    async def _check_quota(self, call: Call, project_id: str) -> None:
        """The limit holds for the consumers of secrets and for those of containers, each for itself."""
        limit = (await call.quota.limits("key_manager", project_id))["consumers"]
        if 0 <= limit <= await call.quota.used("key_manager", project_id, self.counted):
            raise refusals.QuotaReached()


class SecretConsumers(_Consumers):
    service = secret_consumers_pb2.DESCRIPTOR.services_by_name["SecretConsumers"]
    consumer = secrets_pb2.Secret.Consumer
    names = ("service", "resource_type", "resource_id")
    counted = "secret_consumers"

    list_secret_consumers = _Consumers.listed
    get_secret_consumer = _Consumers.shown
    register_secret_consumer = _Consumers.register
    remove_secret_consumer = _Consumers.unregister


class ContainerConsumers(_Consumers):
    service = container_consumers_pb2.DESCRIPTOR.services_by_name["ContainerConsumers"]
    consumer = containers_pb2.Container.Consumer
    names = ("name", "url")
    counted = "container_consumers"

    list_container_consumers = _Consumers.listed
    get_container_consumer = _Consumers.shown
    register_container_consumer = _Consumers.register
    remove_container_consumer = _Consumers.unregister

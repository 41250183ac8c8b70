"""Usages. Source: placement/handlers/usage.py, placement/objects/usage.py."""

from __future__ import annotations

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.placement.allocations import UNKNOWN_TYPE
from mopenstack.core.placement.records import last_modified
from mopenstack.placement.v1 import usages_pb2 as pb
from mopenstack.placement.v1.allocations_pb2 import Consumer

ALL = "all"
COUNT = "consumer_count"


class Usages(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Usages"]

    async def get_provider_usages(self, call: Call, request: pb.GetProviderUsagesRequest) -> Result:
        provider = call.target
        return pb.GetProviderUsagesResponse(
            resource_provider_generation=provider.generation,
            usages={name: provider.used.get(name, 0) for name in provider.inventories},
            last_modified=last_modified(call),
        )

    async def get_total_usages(self, call: Call, request: pb.GetTotalUsagesRequest) -> Result:
        consumers = [
            consumer
            for consumer in await call.tx.scan(Consumer)
            if consumer.owner_project_id == request.project_id
            and (not request.user_id or consumer.owner_user_id == request.user_id)
        ]
        shown = pb.GetTotalUsagesResponse(last_modified=last_modified(call))
        asked = request.consumer_type
        for consumer in consumers:
            kind = consumer.consumer_type or UNKNOWN_TYPE
            if asked not in ("", ALL, kind):
                continue
            group = shown.usages_by_type[ALL if asked == ALL else kind].resources
            group[COUNT] += 1
            for held in consumer.allocations.values():
                for name, amount in held.resources.items():
                    shown.usages[name] += amount
                    group[name] += amount
        return shown

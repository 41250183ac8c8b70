"""The services of the cloud, the pools of the scheduler, and availability zones.

Source: manila/api/v2/services.py, scheduler_stats.py, availability_zones.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mopenstack.contract.v1 import common_pb2 as common
from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.computed import ComputedServicer
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.shared_file_system import backends
from mopenstack.core.shared_file_system.base import CONTROLLER, TEXT_MAX, ZONE, ZONE_ID, assign
from mopenstack.core.shared_file_system.types.share_types import ShareTypes
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.services import services_pb2 as pb2
from mopenstack.shared_file_system.v2.services.services_pb2 import (
    AvailabilityZone,
    Extension,
    ManilaService,
    Pool,
    ServiceRecord,
)

SHARE = "manila-share"
SERVICES = (
    ("manila-data", CONTROLLER),
    ("manila-scheduler", CONTROLLER),
    *((SHARE, backends.BACKENDS[place].host) for place in (2, 3, 1, 0)),
)
"""(binary, host), in the order of their coming."""
REASON_SINCE, TYPES_SINCE, ENSURING_SINCE = 83, 23, 93
STARS_MAX = 3
"""How many stars a filter of pools may have: more could take long."""
ENSURES_FOR = 1.0
"""Seconds that a back end takes to look through its shares."""


async def _record(call: Call, binary: str, host: str) -> ServiceRecord:
    """What an operator has made of a service. Shared: `edit` gives a copy to change."""
    key = f"{binary} {host}"
    return await call.tx.get(ServiceRecord, key) or ServiceRecord(id=key)


class Services(ComputedServicer[ManilaService]):
    service = pb2.DESCRIPTOR.services_by_name["Services"]
    message = ManilaService
    not_found = refusals.ServiceNotFound

    async def candidates(self, call: Call, query: common.Query) -> Iterable[ManilaService]:
        found = []
        for place, (binary, host) in enumerate(SERVICES, start=1):
            record = await _record(call, binary, host)
            shown = ManilaService(id=place, binary=binary, host=host, zone=ZONE, state="up")
            shown.status = "disabled" if record.disabled else "enabled"
            shown.ensuring = record.HasField("ensuring_until") and record.ensuring_until.seconds > call.time
            assign(shown, "disabled_reason", record.disabled_reason or None)
            call.stamp(shown.updated_at)
            found.append(shown)
        if call.at_least(ENSURING_SINCE):
            for item in query.filters:
                if item.key == "ensuring":
                    found = [one for one in found if one.ensuring == (item.values[0].lower() in ("true", "1"))]
        return found

    async def set_service_enabled(self, call: Call, request: pb2.ChangeServiceRequest) -> Result:
        return await self._change(call, request, disabled=False)

    async def set_service_disabled(self, call: Call, request: pb2.ChangeServiceRequest) -> Result:
        reason = request.disabled_reason
        if reason and not call.at_least(REASON_SINCE):
            raise refusals.Refused(
                "'disabled_reason' option is not supported by this microversion. Use 2.83 or greater microversion to "
                "be able to set 'disabled_reason'."
            )
        if reason and not 1 <= len(reason.strip()) <= TEXT_MAX:
            raise refusals.Refused("Disabled reason contains invalid characters or is too long")
        return await self._change(call, request, disabled=True, reason=reason.strip())

    async def ensure_shares(self, call: Call, request: pb2.EnsureSharesRequest) -> Result:
        host = request.ensure_shares.host
        if (SHARE, host) not in SERVICES:
            raise refusals.AnyNotFound()
        record = await _edit(call, SHARE, host)
        if call.takes_time:
            call.stamp(record.ensuring_until, call.time + ENSURES_FOR)
        await call.tx.put(record)
        return EMPTY

    @staticmethod
    async def _change(call: Call, request: pb2.ChangeServiceRequest, *, disabled: bool, reason: str = "") -> Result:
        if not request.HasField("host") or not request.HasField("binary"):
            raise refusals.NothingSaid()
        if (request.binary, request.host) not in SERVICES:
            raise refusals.ServiceBinaryNotFound(binary=request.binary, host=request.host)
        record = await _edit(call, request.binary, request.host)
        record.disabled = disabled
        assign(record, "disabled_reason", reason or None)
        await call.tx.put(record)
        answer = pb2.ChangedServiceResponse(host=request.host, binary=request.binary)
        answer.status = "disabled" if disabled else "enabled"
        assign(answer, "disabled_reason", reason or None)
        return answer


async def _edit(call: Call, binary: str, host: str) -> ServiceRecord:
    key = f"{binary} {host}"
    if await call.tx.get(ServiceRecord, key) is None:
        await call.tx.put(ServiceRecord(id=key), fresh=True)
    return await call.tx.edit(ServiceRecord, key)


class Pools(ComputedServicer[Pool]):
    service = pb2.DESCRIPTOR.services_by_name["Pools"]
    message = Pool
    not_found = refusals.AnyNotFound

    async def candidates(self, call: Call, query: common.Query) -> Iterable[Pool]:
        wanted = {item.key: item.values[0] for item in query.filters}
        specs = await self._specs(call, wanted.get("share_type")) if call.at_least(TYPES_SINCE) else {}
        found = []
        for backend in backends.BACKENDS:
            if not await backends.is_up(call, backend) or not backends.fits(backend, specs):
                continue
            free = backends.CAPACITY - await backends.used_on(call, backend)
            has = backend.capabilities | {"free_capacity_gb": free, "allocated_capacity_gb": backends.CAPACITY - free}
            facts = {"host": CONTROLLER, "backend": backend.name, "pool": backend.pool_name}
            if not all(_like(value, facts[key]) for key, value in wanted.items() if key in facts):
                continue
            capabilities = wanted.get("capabilities")
            if capabilities and capabilities not in str(has):
                continue
            found.append(Pool(name=backend.pool, capabilities=to_struct(has), **facts))
        return found

    @staticmethod
    async def _specs(call: Call, reference: str | None) -> dict[str, str]:
        if not reference:
            return {}
        kind = await call.service(ShareTypes).by_name_or_id(call, reference)
        if kind is None:
            raise refusals.TypeOfPoolsNotFound(id=reference)
        return dict(kind.extra_specs)


def _like(pattern: str, value: str) -> bool:
    """Whether a name is what a filter says: a regular expression of letters, and of few stars."""
    if len(pattern) > TEXT_MAX or pattern.count("*") > STARS_MAX or re.search(r"[^\w.@#:^$*-]", pattern):
        return False
    try:
        return re.match(pattern, value) is not None
    except re.error:
        return False


class AvailabilityZones(ComputedServicer[AvailabilityZone]):
    service = pb2.DESCRIPTOR.services_by_name["AvailabilityZones"]
    message = AvailabilityZone
    not_found = refusals.AnyNotFound

    async def candidates(self, call: Call, query: common.Query) -> Iterable[AvailabilityZone]:
        zone = AvailabilityZone(id=ZONE_ID, name=ZONE)
        call.stamp(zone.created_at, 1_700_000_000)
        return [zone]


class Extensions(ComputedServicer[Extension]):
    service = pb2.DESCRIPTOR.services_by_name["Extensions"]
    message = Extension
    not_found = refusals.AnyNotFound

    async def candidates(self, call: Call, query: common.Query) -> Iterable[Extension]:
        return []

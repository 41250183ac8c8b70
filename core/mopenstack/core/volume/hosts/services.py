"""The services of the cloud: enabled and disabled, frozen and thawed, their log levels; cleanup.

Source: cinder/api/v3/services.py, workers.py; volume/api.py `freeze_host`, `failover`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from google.protobuf.struct_pb2 import NULL_VALUE, Value

from mopenstack.contract.faults import BadRequest, Fault, InvalidField
from mopenstack.contract.values import plain, to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import EMPTY, Result, Servicer
from mopenstack.core.store.transaction import copy_of
from mopenstack.core.volume.base import CONTROLLER, ZONE
from mopenstack.core.volume.hosts.failover import fail_over, status_of
from mopenstack.core.volume.hosts.scheduling import POOLS, pool_named
from mopenstack.volume.v3.hosts import services_pb2 as pb2
from mopenstack.volume.v3.hosts.services_pb2 import ServiceState
from mopenstack.volume.v3.refusals import InvalidInput, ServiceNotFound

BACKEND_STATE_SINCE = 49
CLUSTER_SINCE = 26
API = "cinder-api"
VOLUME = "cinder-volume"
ANY_BINARY = ("", "*")
LEVELS = ("INFO", "WARNING", "ERROR", "DEBUG")
LOGGERS = {
    "cinder": "DEBUG", "cinder.api": "DEBUG", "cinder.backup": "DEBUG", "cinder.scheduler": "DEBUG",
    "cinder.volume": "DEBUG", "eventlet": "WARNING", "oslo.messaging": "INFO", "oslo_messaging": "INFO",
    "sqlalchemy.engine": "WARNING", "sqlalchemy.orm": "WARNING", "taskflow": "INFO",
}  # fmt: skip
"""The loggers that a service tells of, with the levels of a DevStack with DEBUG on."""
CLEANABLE = ("Volume", "Snapshot", "Backup")


@dataclass(frozen=True, slots=True)
class Service:
    id: int
    binary: str
    host: str


SERVICES = tuple(
    Service(number, binary, host)
    for number, (binary, host) in enumerate(
        (
            ("cinder-scheduler", CONTROLLER),
            *((VOLUME, pool.host) for pool in POOLS),
            ("cinder-backup", CONTROLLER),
        ),
        start=1,
    )
)


async def state_of(call: Call, service: Service) -> ServiceState:
    """What an operator has made of a service. Shared: `_edit` gives a copy to change."""
    key = f"{service.binary} {service.host}"
    return await call.tx.get(ServiceState, key) or ServiceState(id=key)


class Services(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Services"]

    async def list_services(self, call: Call, request: pb2.ListServicesRequest) -> Result:
        return pb2.ListServicesResponse(
            services=[
                await self._shown(call, item)
                for item in SERVICES
                if request.binary in ("", item.binary) and request.host in ("", item.host, item.host.partition("@")[0])
            ]
        )

    async def set_service_enabled(self, call: Call, request: pb2.ChangeServiceRequest) -> Result:
        host = await self._change(call, request, disabled=False)
        return pb2.ChangedServiceResponse(host=host, service=request.service, binary=request.binary, status="enabled")

    async def set_service_disabled(self, call: Call, request: pb2.ChangeServiceRequest) -> Result:
        host = await self._change(call, request, disabled=True)
        return pb2.ChangedServiceResponse(
            host=host, service=request.service, binary=request.binary, status="disabled", disabled=True
        )

    async def set_service_disabled_reason(self, call: Call, request: pb2.DisableServiceRequest) -> Result:
        reason = request.disabled_reason if request.HasField("disabled_reason") else None
        if reason is not None and not reason.strip():
            raise InvalidInput(why="disabled_reason has 0 characters, at least 1 required.")
        host = await self._change(call, request, disabled=True, reason=reason)
        return pb2.DisabledServiceResponse(
            host=host, service=request.service, binary=request.binary, status="disabled", disabled=True,
            disabled_reason=reason,
        )  # fmt: skip

    async def freeze_host(self, call: Call, request: pb2.FreezeHostRequest) -> Result:
        await self._set_frozen(call, request, frozen=True)
        return EMPTY

    async def thaw_host(self, call: Call, request: pb2.FreezeHostRequest) -> Result:
        await self._set_frozen(call, request, frozen=False)
        return EMPTY

    async def failover_host(self, call: Call, request: pb2.FailoverHostRequest) -> Result:
        service = _volume_service(call, request)
        state, pool = copy_of(await state_of(call, service)), pool_named(service.host)
        if pool is None or status_of(call, service.host, state) not in ("enabled", "failed-over"):
            raise _no_change("replication_status", service, "['enabled', 'failed-over']", "and must be up ")
        await fail_over(call, pool, state, request.backend_id)
        return EMPTY

    async def get_service_log(self, call: Call, request: pb2.GetServiceLogRequest) -> Result:
        response = pb2.ServiceLogResponse()
        for service in _logging(request):
            levels = (await state_of(call, service)).levels
            item = response.log_levels.add(host=service.host, binary=service.binary)
            for name, level in LOGGERS.items():
                if name.startswith(request.prefix):
                    item.levels[name] = levels.get(name, level)
        return response

    async def set_service_log(self, call: Call, request: pb2.SetServiceLogRequest) -> Result:
        level = request.level.upper()
        if level not in LEVELS:
            raise InvalidInput(why=f"{request.level} is not a valid log level.")
        for service in _logging(request):
            state = copy_of(await state_of(call, service))
            state.levels.update({name: level for name in LOGGERS if name.startswith(request.prefix)})
            await call.tx.put(state)
        return EMPTY

    # -- inside

    @staticmethod
    async def _change(call: Call, request: Any, *, disabled: bool, reason: str | None = None) -> str:
        """Enable or disable the service that binary and host name; the host."""
        if not (request.HasField("binary") or request.HasField("service")):
            told = {name: getattr(request, name) for name in ("host", "disabled_reason") if getattr(request, name, "")}
            raise BadRequest(f"{told} is not valid under any of the given schemas")
        host = str(request.host)
        if not host:
            raise InvalidInput(why="Host field is missing.")
        binary = request.binary or request.service
        found = next((item for item in SERVICES if (item.binary, item.host) == (binary, host)), None)
        if found is None:
            raise ServiceNotFound(name=binary, host=host)
        state = copy_of(await state_of(call, found))
        state.disabled = disabled
        if reason is not None:
            state.disabled_reason = reason
        elif not disabled:
            state.ClearField("disabled_reason")
        call.stamp(state.modified_at)
        await call.tx.put(state)
        return host

    @staticmethod
    async def _set_frozen(call: Call, request: Any, *, frozen: bool) -> None:
        service = _volume_service(call, request)
        state = copy_of(await state_of(call, service))
        if state.frozen == frozen:
            raise _no_change("frozen", service, str(not frozen))
        state.frozen = frozen
        await call.tx.put(state)

    @staticmethod
    async def _shown(call: Call, item: Service) -> pb2.ListServicesResponse.Service:
        state = await state_of(call, item)
        status = "disabled" if state.disabled else "enabled"
        shown = pb2.ListServicesResponse.Service(
            binary=item.binary, host=item.host, zone=ZONE, status=status, state="up"
        )
        call.stamp(shown.updated_at)
        if state.HasField("disabled_reason"):
            shown.disabled_reason = state.disabled_reason
        if item.binary == VOLUME:
            shown.replication_status, shown.frozen = status_of(call, item.host, state), state.frozen
            active = state.active_backend_id
            shown.active_backend_id.CopyFrom(to_value(active) if active else Value(null_value=NULL_VALUE))
            if call.at_least(BACKEND_STATE_SINCE):
                shown.backend_state = "up"
        return shown


class Workers(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Workers"]

    async def clean_up_workers(self, call: Call, request: pb2.CleanUpWorkersRequest) -> Result:
        """Ask services to clean up; those that are down are meant if nothing is said, and here none is."""
        kind = request.resource_type.title()
        if kind and kind not in CLEANABLE:
            raise InvalidInput(why=f"Resource type {kind} not valid, must be Volume, Snapshot or Backup")
        number = plain(request.service_id) if request.HasField("service_id") else None
        if isinstance(number, bool) or not isinstance(number, int | str | None):
            raise InvalidField(("service_id",), number, "type", ["integer", "string", "null"])
        if isinstance(number, str) and not re.fullmatch("[0-9]*", number):
            raise InvalidField(("service_id",), number, "pattern", "^[0-9]*$")
        located = request.HasField("service_id") or request.cluster_name or request.host
        if request.resource_id and not located:
            raise InvalidInput(why=f"There is no resource with UUID {request.resource_id} pending cleanup.")
        response = pb2.CleanUpWorkersResponse()
        if not request.is_up or request.cluster_name:
            return response
        wanted = str(number)
        for item in SERVICES:
            state = await state_of(call, item)
            if (
                request.host in ("", item.host, item.host.partition("@")[0])
                and request.binary in ("", item.binary)
                and (not request.HasField("disabled") or request.disabled == state.disabled)
                and (not request.HasField("service_id") or wanted == str(item.id))
            ):
                response.cleaning.add(id=item.id, host=item.host, binary=item.binary)
        return response


def _volume_service(call: Call, request: Any) -> Service:
    """The back end's service that a host names; raises cinder's refusals."""
    clustered = call.at_least(CLUSTER_SINCE)
    cluster = request.cluster if clustered else ""
    if bool(cluster) == bool(request.host):
        raise InvalidInput(
            why="One and only one of cluster and host must be set." if clustered else "Host field is missing."
        )
    found = next((item for item in SERVICES if (item.binary, item.host) == (VOLUME, request.host)), None)
    if found is None:
        what = f"cluster={cluster}" if cluster else f"host={request.host}"
        raise InvalidInput(why=f"No service found with {what}")
    return found


def _no_change(field: str, service: Service, expected: str, up: str = "") -> Fault:
    return InvalidInput(
        why=f"No service could be changed: {field} in ['{service.host}'] must be {expected} {up}to failover."
    )


def _logging(request: Any) -> list[Service]:
    """The services that a log request is about; the API is one of them."""
    every = [Service(0, API, CONTROLLER), *SERVICES]
    return [
        item
        for item in every
        if (request.binary in ANY_BINARY or request.binary == item.binary) and request.server in ("", item.host)
    ]

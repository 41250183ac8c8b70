"""Tap mirrors: a port's traffic sent through a tunnel (neutron_taas.services.taas.tap_mirror_plugin)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mopenstack.contract.releases import without
from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.events import subscribes
from mopenstack.core.engine.releases import release_of
from mopenstack.core.network.base import NeutronResource, invalid
from mopenstack.core.network.taas.tap_services import check_port
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.refusals import TapMirrorNotFound, TapMirrorTunnelConflict
from mopenstack.network.v2.taas import tap_mirrors_pb2 as pb
from mopenstack.network.v2.taas.tap_mirrors_pb2 import TapMirror

DIRECTIONS = ("IN", "OUT", "BOTH")


class TapMirrors(NeutronResource[TapMirror]):
    service = pb.DESCRIPTOR.services_by_name["TapMirrors"]
    message = TapMirror
    not_found = TapMirrorNotFound

    async def prepare(self, call: Call, obj: TapMirror, request: Any, given: set[str]) -> None:
        wanted = _tunnels(obj)
        _check_directions(wanted, DIRECTIONS if has_both(call) else DIRECTIONS[:2])
        await check_port(call, obj.port_id, obj.project_id)
        for other in await call.tx.scan(TapMirror):
            if not self.visible(call, other):
                continue
            for tunnel in _tunnels(other).values():
                if tunnel in wanted.values():
                    raise TapMirrorTunnelConflict(tunnel_id=tunnel)


def _tunnels(mirror: TapMirror) -> dict[str, Any]:
    """Direction -> tunnel, whole numbers as such; a text stays one, and is another tunnel than the number."""
    return plain_struct(mirror.directions)


def has_both(call: Call) -> bool:
    """Whether the cloud's release mirrors both directions by one tunnel."""
    return "tap-mirror-both-direction" not in without(release_of(call.cloud))


def _check_directions(tunnels: dict[str, Any], known: Sequence[str]) -> None:
    unknown = [name for name in tunnels if name not in known]
    if unknown:
        raise invalid("directions", f"Unexpected keys supplied: {', '.join(unknown)}")
    for value in tunnels.values():
        if isinstance(value, bool) or not str(value).lstrip("-").isdecimal():
            raise invalid("directions", f"'{value}' is not an integer")


@subscribes("before_delete", "port")
async def _port_removed(call: Call, port: Port) -> None:
    for mirror in await call.tx.query(TapMirror, port_id=port.id):
        await call.service(TapMirrors).discard(call, mirror)

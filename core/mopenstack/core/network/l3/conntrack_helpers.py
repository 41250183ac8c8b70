"""Conntrack helpers of routers (neutron.services.conntrack_helper.plugin)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import invalid
from mopenstack.core.network.common.subresource import SubResource
from mopenstack.network.v2.l3 import conntrack_helpers_pb2 as pb
from mopenstack.network.v2.l3.conntrack_helpers_pb2 import ConntrackHelper
from mopenstack.network.v2.refusals import (
    BadResourceRequest,
    ConntrackHelperNotAllowed,
    ConntrackHelperNotFound,
    InvalidProtocolForHelper,
)

PROTOCOLS = ("dccp", "icmp", "ipv6-icmp", "sctp", "tcp", "udp")
ALLOWED = {
    "amanda": ("tcp",),
    "ftp": ("tcp",),
    "h323": ("udp", "tcp"),
    "irc": ("tcp",),
    "netbios-ns": ("udp",),
    "pptp": ("tcp",),
    "sane": ("tcp",),
    "sip": ("udp", "tcp"),
    "snmp": ("udp",),
    "tftp": ("udp",),
}
"""Helper -> protocols (the default of `allowed_conntrack_helpers` in neutron.conf)."""


class ConntrackHelpers(SubResource[ConntrackHelper]):
    service = pb.DESCRIPTOR.services_by_name["ConntrackHelpers"]
    message = ConntrackHelper
    not_found = ConntrackHelperNotFound

    async def prepare(self, call: Call, obj: ConntrackHelper, request: Any, given: set[str]) -> None:
        await super().prepare(call, obj, request, given)
        await self._check(call, obj)

    async def change(
        self, call: Call, old: ConntrackHelper, new: ConntrackHelper, request: Any, given: set[str]
    ) -> None:
        await self._check(call, new)

    async def _check(self, call: Call, obj: ConntrackHelper) -> None:
        obj.protocol = obj.protocol.lower()
        if obj.protocol not in PROTOCOLS:
            raise invalid("protocol", f"{obj.protocol} is not in valid_values")
        if obj.helper not in ALLOWED:
            raise ConntrackHelperNotAllowed(helper=obj.helper)
        if obj.protocol not in ALLOWED[obj.helper]:
            raise InvalidProtocolForHelper(
                helper=obj.helper, protocol=obj.protocol, supported_protocols=", ".join(ALLOWED[obj.helper])
            )
        what = {"router_id": obj.router_id, "protocol": obj.protocol, "port": obj.port, "helper": obj.helper}
        for other in await self.children(call, obj.router_id):
            if other.id != obj.id and all(getattr(other, key) == value for key, value in what.items()):
                raise BadResourceRequest(
                    resource="conntrack_helper",
                    msg="A duplicate conntrack helper entry with same attributes already exists, "
                    f"conflicting values are {what}",
                )

"""BGP VPNs (networking_bgpvpn.neutron.db.bgpvpn_db): an operator's VPN that a project puts its networks into.

By the default policies an admin makes them and alone sees their numbers. A project whose members have the role
`bgpvpn_admin` in it does so itself, as a policy override of a real cloud would allow; the seed gives it to demo.
"""

from __future__ import annotations

import re
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.faults import PolicyRefused
from mopenstack.contract.values import whole_number
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import envelope
from mopenstack.core.network.base import NeutronResource, invalid
from mopenstack.network.v2.bgpvpn import bgpvpns_pb2 as pb
from mopenstack.network.v2.bgpvpn.bgpvpn_network_associations_pb2 import BgpvpnNetworkAssociation
from mopenstack.network.v2.bgpvpn.bgpvpn_port_associations_pb2 import BgpvpnPortAssociation
from mopenstack.network.v2.bgpvpn.bgpvpn_router_associations_pb2 import BgpvpnRouterAssociation
from mopenstack.network.v2.bgpvpn.bgpvpns_pb2 import Bgpvpn
from mopenstack.network.v2.refusals import BgpvpnNotFound

ROLE = "bgpvpn_admin"
ASSOCIATIONS: tuple[type[Message], ...] = (BgpvpnNetworkAssociation, BgpvpnRouterAssociation, BgpvpnPortAssociation)
TARGETS = ("route_targets", "import_targets", "export_targets", "route_distinguishers")
NAMED = ("name", "type", *TARGETS, "local_pref", "vni")
"""What a refusal of a create names, in this order."""

_PAIR = re.compile(r"([0-9.]+):([0-9]+)")
UINT16, UINT32 = 2**16 - 1, 2**32 - 1


class Bgpvpns(NeutronResource[Bgpvpn]):
    service = pb.DESCRIPTOR.services_by_name["Bgpvpns"]
    message = Bgpvpn
    not_found = BgpvpnNotFound

    def audience(self, call: Call) -> str:
        return "admin" if ROLE in call.caller.roles else super().audience(call)

    async def before(self, call: Call, request: Any) -> None:
        await super().before(call, request)
        if call.operation is None or call.operation.method != "CreateBgpvpn":
            return
        if call.caller.is_admin or ROLE in call.caller.roles:
            return
        _, given = envelope(request)
        asked = [name for name in NAMED if name in given]
        raise PolicyRefused(["create_bgpvpn", *(f"create_bgpvpn:{name}" for name in ("tenant_id", *asked))])

    async def prepare(self, call: Call, obj: Bgpvpn, request: Any, given: set[str]) -> None:
        _check(obj)

    async def change(self, call: Call, old: Bgpvpn, new: Bgpvpn, request: Any, given: set[str]) -> None:
        _check(new)

    async def remove(self, call: Call, obj: Bgpvpn) -> None:
        for message in ASSOCIATIONS:
            for association in await of_bgpvpn(call, message, obj.id):
                await call.tx.delete(message, association.id)


async def of_bgpvpn(call: Call, message: type[Any], id: str) -> list[Any]:
    """The associations of a kind that a BGP VPN has."""
    return await call.tx.query(message, bgpvpn_id=id)


def _check(obj: Bgpvpn) -> None:
    for name in TARGETS:
        for value in getattr(obj, name):
            if not _is_target(value):
                raise invalid(name, f"'{value}' is not a valid input")


def _is_target(text: str) -> bool:
    """`AS:number` or `address:number`, one of them short (neutron_lib.api.definitions.bgpvpn.RTRD_REGEX)."""
    found = _PAIR.fullmatch(text)
    if found is None:
        return False
    left, right = found[1], found[2]
    parts = left.split(".")
    if any(not part.isdecimal() or part != str(whole_number(part)) for part in (*parts, right)):
        return False
    if len(parts) == 4:
        return all(int(part) <= 255 for part in parts) and int(right) <= UINT16
    if len(parts) != 1:
        return False
    number = int(left)
    return (number <= UINT16 and int(right) <= UINT32) or (number <= UINT32 and int(right) <= UINT16)

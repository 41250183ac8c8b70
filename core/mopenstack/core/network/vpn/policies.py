"""IKE and IPsec policies: how the two ends of a connection talk (neutron_vpnaas.db.vpn.vpn_db)."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.network.base import NeutronResource
from mopenstack.network.v2.refusals import IkePolicyInUse, IkePolicyNotFound, IPsecPolicyInUse, IPsecPolicyNotFound
from mopenstack.network.v2.vpn import ikepolicies_pb2, ipsecpolicies_pb2
from mopenstack.network.v2.vpn.ikepolicies_pb2 import Ikepolicy
from mopenstack.network.v2.vpn.ipsec_site_connections_pb2 import IpsecSiteConnection
from mopenstack.network.v2.vpn.ipsecpolicies_pb2 import Ipsecpolicy

M = TypeVar("M", bound=Message)

UNITS, SECONDS = "seconds", 3600


class VpnPolicy(NeutronResource[M]):
    """A policy that does not change while a connection follows it; `field` is where connections name it."""

    seen_by = "member"
    field: ClassVar[str]
    in_use: ClassVar[type[Fault]]

    async def prepare(self, call: Call, obj: Any, request: Any, given: set[str]) -> None:
        obj.lifetime.units = obj.lifetime.units or UNITS
        obj.lifetime.value = obj.lifetime.value or SECONDS

    async def change(self, call: Call, old: Any, new: Any, request: Any, given: set[str]) -> None:
        await self._check_unused(call, old)
        # Keys of the lifetime that a request does not give stay.
        new.lifetime.units = new.lifetime.units or old.lifetime.units
        new.lifetime.value = new.lifetime.value or old.lifetime.value

    async def remove(self, call: Call, obj: Any) -> None:
        await self._check_unused(call, obj)

    async def _check_unused(self, call: Call, obj: Any) -> None:
        if await call.tx.count(IpsecSiteConnection, **{self.field: obj.id}):
            raise self.in_use(id=obj.id)


class Ikepolicies(VpnPolicy[Ikepolicy]):
    service = ikepolicies_pb2.DESCRIPTOR.services_by_name["Ikepolicies"]
    message = Ikepolicy
    not_found = IkePolicyNotFound
    field = "ikepolicy_id"
    in_use = IkePolicyInUse


class Ipsecpolicies(VpnPolicy[Ipsecpolicy]):
    service = ipsecpolicies_pb2.DESCRIPTOR.services_by_name["Ipsecpolicies"]
    message = Ipsecpolicy
    not_found = IPsecPolicyNotFound
    field = "ipsecpolicy_id"
    in_use = IPsecPolicyInUse

"""IKE and IPsec policies: how the two ends of a connection talk (neutron_vpnaas.db.vpn.vpn_db)."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from google.protobuf.message import Message

from mopenstack.contract.faults import Fault
from mopenstack.contract.values import plain
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import envelope
from mopenstack.core.engine.servicer import Result
from mopenstack.core.network.base import NeutronResource, invalid
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.refusals import IkePolicyInUse, IkePolicyNotFound, IPsecPolicyInUse, IPsecPolicyNotFound
from mopenstack.network.v2.vpn import ikepolicies_pb2, ipsecpolicies_pb2
from mopenstack.network.v2.vpn.ikepolicies_pb2 import Ikepolicy
from mopenstack.network.v2.vpn.ipsec_site_connections_pb2 import IpsecSiteConnection
from mopenstack.network.v2.vpn.ipsecpolicies_pb2 import Ipsecpolicy

M = TypeVar("M", bound=Message)

UNITS, SECONDS, SECONDS_MIN = "seconds", 3600, 60


class VpnPolicy(NeutronResource[M]):
    """A policy that does not change while a connection follows it; `field` is where connections name it."""

    seen_by = "member"
    field: ClassVar[str]
    in_use: ClassVar[type[Fault]]

    async def prepare(self, call: Call, obj: Any, request: Any, given: set[str]) -> None:
        obj.lifetime.units = obj.lifetime.units or UNITS
        obj.lifetime.value.number_value = _seconds(obj.lifetime) if obj.lifetime.HasField("value") else SECONDS

    async def change(self, call: Call, old: Any, new: Any, request: Any, given: set[str]) -> None:
        await self._check_unused(call, old)
        # Keys of the lifetime that a request does not give stay.
        new.lifetime.units = new.lifetime.units or old.lifetime.units
        kept = old.lifetime.value.number_value
        new.lifetime.value.number_value = _seconds(new.lifetime) if new.lifetime.HasField("value") else kept

    async def answer(self, call: Call, obj: Any, request: Any) -> Result:
        """Neutron's objects are not read again after they were written: the lifetime is shown as it was given."""
        body, _ = envelope(request)
        lifetime = getattr(body, "lifetime", None)
        if lifetime is None or not lifetime.HasField("value"):
            return await super().answer(call, obj, request)
        shown = copy_of(obj)
        shown.lifetime.value.CopyFrom(lifetime.value)
        return shown  # type: ignore[no-any-return]  # a message, whose lifetime its type does not tell

    async def remove(self, call: Call, obj: Any) -> None:
        await self._check_unused(call, obj)

    async def _check_unused(self, call: Call, obj: Any) -> None:
        if await call.tx.count(IpsecSiteConnection, **{self.field: obj.id}):
            raise self.in_use(id=obj.id)


def _seconds(lifetime: Any) -> int:
    """A lifetime's value (neutron_lib.api.validators.validate_range)."""
    given = plain(lifetime.value)
    try:
        seconds = int(given)
    except (TypeError, ValueError):
        raise invalid("lifetime", f"'{given}' is not an integer") from None
    if seconds < SECONDS_MIN:
        raise invalid("lifetime", f"'{seconds}' is too small - must be at least '{SECONDS_MIN}'")
    return seconds


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

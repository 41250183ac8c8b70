"""Networks (neutron.db.db_base_plugin_v2, neutron.plugins.ml2.plugin, neutron.db.external_net_db)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import Result
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import copy_fields
from mopenstack.core.network.base import NeutronResource, bad_input, check_qos_change, check_qos_policy
from mopenstack.core.network.common.rbac import (
    ALL_PROJECTS,
    forget_policies,
    share_with_all,
    shared_with_caller,
    unshare_with_all,
)
from mopenstack.core.network.core import dns
from mopenstack.core.network.core.addresses import AUTO_DELETE_PORT_OWNERS
from mopenstack.core.network.core.availability_zones import check_hints
from mopenstack.core.network.core.provider import (
    PROJECT_NETWORK_TYPE,
    ProviderSegment,
    check_all,
    mtu_of,
    reserve_provider_segment,
)
from mopenstack.core.store.transaction import copy_of
from mopenstack.network.v2.core import networks_pb2 as pb
from mopenstack.network.v2.core.networks_pb2 import Network, NetworkSegment
from mopenstack.network.v2.core.ports_pb2 import Port
from mopenstack.network.v2.core.segments_pb2 import Segment
from mopenstack.network.v2.core.subnets_pb2 import Subnet
from mopenstack.network.v2.qos.qos_policies_pb2 import QosPolicy
from mopenstack.network.v2.refusals import (
    DefaultExternalNetworkExists,
    ExternalNetworkInUse,
    HttpBadRequest,
    InvalidNetworkMtu,
    InvalidSharedSetting,
    NetworkInUse,
    NetworkNotFound,
    SegmentsSetInConjunctionWithProviders,
)

PROVIDER = ("network_type", "physical_network", "segmentation_id")
IPV4_MTU_MIN, IPV6_MTU_MIN = 68, 1280
COPIED = ("shared", "shared_with", "external")
"""What subnets and ports copy from their network, since it decides who sees them."""


class Networks(NeutronResource[Network]):
    service = pb.DESCRIPTOR.services_by_name["Networks"]
    message = Network
    not_found = NetworkNotFound

    async def view(self, call: Call, obj: Network) -> Message:
        if not shared_with_caller(call, obj):
            return obj

        async def build() -> Network:
            found = await call.tx.get(Network, obj.id)
            seen = copy_of(obj if found is None else found)
            seen.shared = True
            return seen

        return await call.tx.view(("network", obj.id, True), build)

    async def answer(self, call: Call, obj: Network, request: Any) -> Result:
        shown = await super().answer(call, obj, request)
        if isinstance(request, pb.CreateNetworkRequest) and isinstance(shown, Network):
            # A create answers the request's defaults as well; later only external networks show this one.
            shown = copy_of(shown)
            shown.is_default = shown.is_default
        return shown

    # -- create

    async def prepare(self, call: Call, obj: Network, request: Any, given: set[str]) -> None:
        dns.check_domain(obj.dns_domain)
        check_hints(obj.availability_zone_hints)
        if not obj.qos_policy_id:
            await self._default_qos(call, obj)
        await check_qos_policy(call, obj)
        provider_segments = self._provider_segments(call, obj, given)
        check_all(provider_segments)
        self._set_mtu(obj, provider_segments)
        await self._check_default(call, obj)
        obj.status, obj.l2_adjacency, obj.revision_number = "ACTIVE", True, 1
        obj.ha = False
        del obj.segments[:]
        await self._make_segments(call, obj, provider_segments)
        if obj.external:
            obj.external_for.append(ALL_PROJECTS)

    async def created(self, call: Call, obj: Network, request: Any) -> None:
        if obj.shared:
            await share_with_all(call, obj, "access_as_shared")
        if obj.external:
            await share_with_all(call, obj, "access_as_external")

    @staticmethod
    def _provider_segments(call: Call, obj: Network, given: set[str]) -> list[ProviderSegment]:
        provider = [name for name in PROVIDER if name in given and obj.HasField(name)]
        if obj.segments:
            if provider:
                raise SegmentsSetInConjunctionWithProviders()
            return [ProviderSegment.of(segment) for segment in obj.segments]
        if not provider:
            return [ProviderSegment(call.cloud.option(PROJECT_NETWORK_TYPE))]
        return [
            ProviderSegment(
                obj.network_type,
                obj.physical_network if obj.HasField("physical_network") else None,
                obj.segmentation_id if obj.HasField("segmentation_id") else None,
            )
        ]

    @staticmethod
    def _set_mtu(obj: Network, provider_segments: list[ProviderSegment]) -> None:
        largest = mtu_of(provider_segments)
        if obj.mtu > largest:
            raise bad_input(f"Requested MTU is too big, maximum is {largest}")
        obj.mtu = obj.mtu or largest

    async def _make_segments(self, call: Call, obj: Network, provider_segments: list[ProviderSegment]) -> None:
        made = []
        for asked in provider_segments:
            segment = Segment(id=call.ids.uuid(), network_id=obj.id, revision_number=1)
            call.stamp(segment.created_at)
            call.stamp(segment.updated_at)
            await reserve_provider_segment(call, segment, asked, obj.project_id)
            await call.tx.put(segment, fresh=True)
            made.append(segment)
        show_segments(obj, made)

    @staticmethod
    async def _default_qos(call: Call, obj: Network) -> None:
        """A network without a policy gets its project's default one (neutron.core_extensions.qos)."""
        for policy in await call.tx.query(QosPolicy, project_id=obj.project_id):
            if policy.is_default:
                obj.qos_policy_id = policy.id

    async def _check_default(self, call: Call, obj: Network) -> None:
        if not obj.external:
            obj.ClearField("is_default")
            return
        obj.is_default = obj.is_default
        if obj.is_default:
            for other in await call.tx.query(Network, external=True):
                if other.is_default and other.id != obj.id:
                    raise DefaultExternalNetworkExists(net_id=other.id)

    # -- update

    async def change(self, call: Call, old: Network, new: Network, request: Any, given: set[str]) -> None:
        if "ha" in given:
            raise HttpBadRequest("Cannot update read-only attribute ha")
        dns.check_domain(new.dns_domain)
        await check_qos_change(call, old, new, given)
        self._check_provider(old, new, given)
        if "mtu" in given:
            await self._check_mtu(call, new)
        if old.shared and not new.shared:
            await self._check_unshare(call, old)
        if old.external and not new.external:
            await self._check_internalize(call, old)
        if old.external != new.external or "is_default" in given:
            await self._check_default(call, new)
        if old.external != new.external:
            del new.external_for[:]
            new.external_for.extend([ALL_PROJECTS] if new.external else [])

    async def changed(self, call: Call, old: Network, new: Network) -> None:
        if new.shared and not old.shared:
            await share_with_all(call, new, "access_as_shared")
        elif old.shared and not new.shared:
            await unshare_with_all(call, new, "access_as_shared")
        if new.external and not old.external:
            await share_with_all(call, new, "access_as_external")
        elif old.external and not new.external:
            await forget_policies(call, new.id, action="access_as_external")
        if old.shared != new.shared or old.external != new.external:
            await copy_to_members(call, new)

    @staticmethod
    def _check_provider(old: Network, new: Network, given: set[str]) -> None:
        if any(getattr(old, name) != getattr(new, name) for name in PROVIDER if name in given):
            raise bad_input(
                "Plugin does not support updating the following provider network attributes: "
                "provider:network_type, provider:physical_network"
            )
        copy_fields(old, new, [*PROVIDER, "segments"])

    async def _check_mtu(self, call: Call, new: Network) -> None:
        segments = await call.tx.query(Segment, network_id=new.id)
        asked = [ProviderSegment.of(segment) for segment in segments]
        self._set_mtu(new, asked or [ProviderSegment(call.cloud.option(PROJECT_NETWORK_TYPE))])
        if new.mtu >= IPV6_MTU_MIN:
            return
        for subnet in await call.tx.query(Subnet, network_id=new.id):
            least = IPV4_MTU_MIN if subnet.ip_version == 4 else IPV6_MTU_MIN
            if new.mtu < least:
                raise InvalidNetworkMtu(net_id=new.id, mtu=least)

    @staticmethod
    async def _check_unshare(call: Call, old: Network) -> None:
        ports = await call.tx.query(Port, network_id=old.id)
        users = {port.project_id for port in ports if not port.device_owner.startswith("network:")}
        users |= {subnet.project_id for subnet in await call.tx.query(Subnet, network_id=old.id)}
        if users - {old.project_id, *old.shared_with}:
            raise InvalidSharedSetting(network=old.name)

    @staticmethod
    async def _check_internalize(call: Call, old: Network) -> None:
        owners = {port.device_owner for port in await call.tx.query(Port, network_id=old.id)}
        if "network:router_gateway" in owners:
            raise ExternalNetworkInUse(net_id=old.id)

    # -- delete

    async def remove(self, call: Call, obj: Network) -> None:
        ports = await call.tx.query(Port, network_id=obj.id)
        used = [port.id for port in ports if port.device_owner not in AUTO_DELETE_PORT_OWNERS]
        if used:
            why = f"There are one or more ports still in use on the network, id for these ports is: {','.join(used)}"
            raise NetworkInUse(net_id=obj.id, reason=why)
        for port in ports:
            await call.owner_of("port").discard(call, port)
        for subnet in await call.tx.query(Subnet, network_id=obj.id):
            await call.owner_of("subnet").discard(call, subnet)
        for segment in await call.tx.query(Segment, network_id=obj.id):
            await call.tx.delete(Segment, segment.id)
        await forget_policies(call, obj.id)


def show_segments(network: Network, segments: Iterable[Segment]) -> None:
    """Write a network's segments into its provider attributes: one as they are, several as a list."""
    shown = [_shown(segment) for segment in segments]
    for name in PROVIDER:
        network.ClearField(name)
    del network.segments[:]
    if len(shown) == 1:
        copy_fields(shown[0], network, PROVIDER)
    else:
        network.segments.extend(shown)


def _shown(segment: Segment) -> NetworkSegment:
    shown = NetworkSegment(network_type=segment.network_type)
    copy_fields(segment, shown, PROVIDER[1:])
    return shown


async def copy_to_members(call: Call, network: Network) -> None:
    """Give the network's subnets and ports the fields by which they are seen."""
    for message in (Subnet, Port):
        for member in await call.tx.query(message, network_id=network.id):
            changed = await call.tx.edit(message, member.id)  # type: ignore[attr-defined]  # both have ids
            copy_fields(network, changed, [name for name in COPIED if name in message.DESCRIPTOR.fields_by_name])
            await call.tx.put(changed)

"""Provider segments of networks: type drivers, physical networks, allocation of segmentation ids.

Rules of neutron.plugins.ml2.managers.TypeManager and the type drivers; the cloud is configured like
DevStack's: self-service networks are geneve, `public` and `physnet1` carry VLANs, any physical network
may be flat. Segmentation ids are claims, so that a VLAN or a VNI is used once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.options import Option
from mopenstack.core.network.base import bad_input
from mopenstack.core.network.core.addresses import Range, take_free
from mopenstack.network.v2.core.network_segment_ranges_pb2 import NetworkSegmentRange
from mopenstack.network.v2.core.networks_pb2 import NetworkSegment
from mopenstack.network.v2.core.segments_pb2 import Segment
from mopenstack.network.v2.refusals import (
    FlatNetworkInUse,
    NoNetworkAvailable,
    SegmentsContainDuplicateEntry,
    TunnelIdInUse,
    VlanIdInUse,
)

VLAN_PHYSICAL_NETWORKS = ("public", "physnet1")
TUNNELS = ("vxlan", "geneve", "gre")
MTU = {"local": 1500, "flat": 1500, "vlan": 1500, "vxlan": 1450, "gre": 1458, "geneve": 1442}
VLAN_RANGE = (1, 4000)
VLAN_TAGS = (1, 4094)
TUNNEL_RANGE = (1, 10_000)
PROJECT_NETWORK_TYPE = Option(
    "network.project_network_type",
    "geneve",
    "What networks are whose provider attributes are not given (ml2_conf.ini, project_network_types).",
    ("geneve", "gre", "vlan", "vxlan"),
)


@dataclass(frozen=True, slots=True)
class ProviderSegment:
    """The provider attributes of a segment as requested; what is None is allocated or does not apply."""

    network_type: str
    physical_network: str | None = None
    segmentation_id: int | None = None

    @classmethod
    def of(cls, message: NetworkSegment | Segment) -> ProviderSegment:
        """The segment that a message with the provider's three fields describes."""
        return cls(
            message.network_type,
            message.physical_network if message.HasField("physical_network") else None,
            message.segmentation_id if message.HasField("segmentation_id") else None,
        )

    def validate(self) -> None:
        """Refuse what the type's driver refuses (validate_provider_segment)."""
        if not self.network_type:
            raise bad_input("network_type required")
        if self.network_type not in MTU:
            raise bad_input(f"network_type value '{self.network_type}' not supported")
        if self.network_type == "local":
            self._prohibit("local", physical_network=self.physical_network, segmentation_id=self.segmentation_id)
        elif self.network_type == "flat":
            if not self.physical_network:
                raise bad_input("physical_network required for flat provider network")
            self._prohibit("flat", segmentation_id=self.segmentation_id)
        elif self.network_type == "vlan":
            self._check_vlan()
        elif self.physical_network:
            raise bad_input(f"provider:physical_network specified for {self.network_type} network")

    def _check_vlan(self) -> None:
        if not self.physical_network:
            if self.segmentation_id is not None:
                raise bad_input("segmentation_id requires physical_network for VLAN provider network")
            return
        if self.physical_network not in VLAN_PHYSICAL_NETWORKS:
            raise bad_input(f"physical_network '{self.physical_network}' unknown for VLAN provider network")
        first, last = VLAN_TAGS
        if self.segmentation_id is not None and not first <= self.segmentation_id <= last:
            raise bad_input(f"segmentation_id out of range ({first} through {last})")

    @staticmethod
    def _prohibit(kind: str, **given: object) -> None:
        for key, value in given.items():
            if value:
                raise bad_input(f"{key} prohibited for {kind} provider network")


def check_all(segments: Sequence[ProviderSegment]) -> None:
    """Check the segments of one network."""
    for segment in segments:
        segment.validate()
    full = [
        segment
        for segment in segments
        if segment.network_type in ("local", "flat") or segment.segmentation_id is not None
    ]
    if len(set(full)) != len(full):
        raise SegmentsContainDuplicateEntry()


def mtu_of(segments: Iterable[ProviderSegment]) -> int:
    """The largest MTU that every segment of the network carries."""
    return min(MTU[segment.network_type] for segment in segments)


async def free_ranges(call: Call, network_type: str, physical_network: str, project_id: str) -> list[Range]:
    """Where a project's networks get their ids: its own ranges, else what is shared and no other project's.

    neutron.services.network_segment_range; the configuration's range is there without a row.
    """
    rows = [
        one
        for one in await call.tx.query(NetworkSegmentRange, network_type=network_type)
        if not one.default and one.physical_network == physical_network
    ]
    own = [(one.minimum, one.maximum) for one in rows if not one.shared and one.project_id == project_id]
    if own:
        return own
    free = [VLAN_RANGE if network_type == "vlan" else TUNNEL_RANGE]
    free += [(one.minimum, one.maximum) for one in rows if one.shared]
    for one in rows:
        if not one.shared:
            free = [part for whole in free for part in _without(whole, one.minimum, one.maximum)]
    return free


def _without(whole: Range, first: int, last: int) -> list[Range]:
    """What is left of a range when another one is taken out of it."""
    parts = [(whole[0], min(whole[1], first - 1)), (max(whole[0], last + 1), whole[1])]
    return [(low, high) for low, high in parts if low <= high]


async def reserve_provider_segment(call: Call, segment: Segment, asked: ProviderSegment, project_id: str) -> None:
    """Allocate a provider segment for a stored segment, which has an id already; what is not given is chosen."""
    segment.network_type = asked.network_type
    if asked.physical_network is not None:
        segment.physical_network = asked.physical_network
    if asked.network_type == "local":
        return
    if asked.network_type == "flat":
        if not await call.tx.take("segment/flat", asked.physical_network or "", segment):
            raise FlatNetworkInUse(physical_network=asked.physical_network)
        return
    if asked.network_type == "vlan":
        await _reserve_vlan(call, segment, asked, project_id)
        return
    scope = f"segment/{asked.network_type}"
    if asked.segmentation_id is None:
        number = await take_free(call, scope, await free_ranges(call, asked.network_type, "", project_id), segment)
        if number is None:
            raise NoNetworkAvailable()
        segment.segmentation_id = number
        return
    if not await call.tx.take(scope, str(asked.segmentation_id), segment):
        raise TunnelIdInUse(tunnel_id=asked.segmentation_id)
    segment.segmentation_id = asked.segmentation_id


async def _reserve_vlan(call: Call, segment: Segment, asked: ProviderSegment, project_id: str) -> None:
    if asked.segmentation_id is not None:
        if not await call.tx.take(f"segment/vlan/{asked.physical_network}", str(asked.segmentation_id), segment):
            raise VlanIdInUse(vlan_id=asked.segmentation_id, physical_network=asked.physical_network)
        segment.segmentation_id = asked.segmentation_id
        return
    for physical_network in (asked.physical_network,) if asked.physical_network else VLAN_PHYSICAL_NETWORKS:
        ranges = await free_ranges(call, "vlan", physical_network, project_id)
        number = await take_free(call, f"segment/vlan/{physical_network}", ranges, segment)
        if number is not None:
            segment.physical_network, segment.segmentation_id = physical_network, number
            return
    raise NoNetworkAvailable()

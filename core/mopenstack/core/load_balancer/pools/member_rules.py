"""What is looked at before a member is made or changed: its address, its pool, and where its provider has it."""

from __future__ import annotations

from ipaddress import ip_address
from uuid import UUID

from mopenstack.core.engine.call import Call
from mopenstack.core.load_balancer import states
from mopenstack.core.load_balancer.networking import subnet_of
from mopenstack.core.load_balancer.pools.pools import listeners_of
from mopenstack.core.load_balancer.providers.driver import Place
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.members_pb2 import Member
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.refusals import ImmutableObject, InvalidOption

NO_SUBNET = str(UUID(int=0))
"""What null is taken for."""
RESERVED = "169.254.169.254"
"""octavia.conf, [networking] reserved_ips."""


def check_address(address: str) -> None:
    """Refuse an address that no member may have."""
    if address == RESERVED:
        raise InvalidOption(value=ip_address(address).exploded.upper(), option="member address")


def without_subnet(member: Member) -> None:
    """Take the subnet of a member away that was given as null."""
    if member.subnet_id == NO_SUBNET:
        member.ClearField("subnet_id")


async def check_pool(call: Call, pool_id: str) -> Pool:
    """The pool, if it can be changed: a test may have put it into another state than its load balancer's."""
    pool = await call.tx.get(Pool, pool_id)
    assert pool is not None
    if pool.provisioning_status not in states.MUTABLE:
        raise ImmutableObject(resource="Pool", id=pool_id)
    return pool


async def place_of(call: Call, balancer: LoadBalancer, pool: Pool) -> Place:
    """What a provider asks of a pool's place."""
    vips = [balancer.vip_address, *(vip.ip_address for vip in balancer.additional_vips)]
    subnet = await subnet_of(call, balancer.vip_subnet_id)
    listening = bool(await listeners_of(call, pool))
    return Place(tuple(vip for vip in vips if vip), subnet.cidr if subnet is not None else "", listening)

"""All members of a pool at once: MembersController of octavia/api/v2/controllers/member.py."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.fields import copy_fields
from mopenstack.core.engine.listing import TRUE_WORDS
from mopenstack.core.engine.servicer import EMPTY, Result
from mopenstack.core.load_balancer import states
from mopenstack.core.load_balancer.base import below
from mopenstack.core.load_balancer.networking import check_subnet
from mopenstack.core.load_balancer.pools.member_rules import (
    NO_SUBNET,
    check_address,
    check_pool,
    place_of,
    without_subnet,
)
from mopenstack.core.load_balancer.providers.enabled import driver
from mopenstack.core.store.transaction import copy_of
from mopenstack.load_balancer.v2.load_balancers_pb2 import LoadBalancer
from mopenstack.load_balancer.v2.members_pb2 import BatchUpdateMembersRequest, Member
from mopenstack.load_balancer.v2.pools_pb2 import Pool
from mopenstack.load_balancer.v2.refusals import ValidationFailure

Key = tuple[str, int]

_CHANGEABLE = ("name", "admin_state_up", "weight", "backup", "monitor_address", "monitor_port", "tags")


async def update(call: Call, keeper: Any, pool: Pool, request: BatchUpdateMembersRequest) -> Result:
    """Add, change and take out members, so that the pool has those of the request; with `additive_only` none goes.

    Nothing that is neither given nor there before is a change: then the load balancer stays as it is.
    """
    await check_pool(call, pool.id)
    balancer = await call.tx.get(LoadBalancer, pool.loadbalancer_id)
    assert balancer is not None
    states.LOAD_BALANCERS.check(call, balancer, "change")
    before = {_key(member): member for member in await below(call, Member, pool_id=pool.id)}
    new, changed = _sorted_out(request, before)
    wanted = {_key(member) for member in request.members}
    gone = [member for key, member in before.items() if key not in wanted]
    if not (new or changed or gone):
        return EMPTY
    if request.additive_only.lower() in TRUE_WORDS:
        gone = []
    await _check_new(call, new)
    place = await place_of(call, balancer, pool)
    checked = [*new, *(member for _, member in changed)]
    driver(balancer.provider).check_members(checked, place, protocol=pool.protocol, batch=True)
    above = await keeper.above(call, Member(pool_id=pool.id))
    objects: list[Member] = []
    for member in gone:
        objects.append(await _mark(call, member.id, states.PENDING_DELETE))
    for old, given in changed:
        objects.append(await _change(call, keeper, old, given))
    for given in new:
        made = copy_of(given)
        made.pool_id = pool.id
        objects.append(await keeper.insert(call, made))
    await states.change(call, balancer.id, objects, above)
    return EMPTY


def _key(member: Member) -> Key:
    return member.address, member.protocol_port


def _sorted_out(
    request: BatchUpdateMembersRequest, before: dict[Key, Member]
) -> tuple[list[Member], list[tuple[Member, Member]]]:
    """The new members of a request, and those that are there with what it says of them."""
    new, changed, seen = [], [], set()
    for member in request.members:
        old = before.get(_key(member))
        if old is None:
            check_address(member.address)
            new.append(member)
        elif _key(member) in seen:
            raise ValidationFailure(detail="Member must be updated only once in the same request.")
        else:
            seen.add(_key(member))
            changed.append((old, member))
    return new, changed


async def _check_new(call: Call, new: list[Member]) -> None:
    for subnet_id in dict.fromkeys(member.subnet_id for member in new if member.subnet_id not in ("", NO_SUBNET)):
        await check_subnet(call, subnet_id)


async def _mark(call: Call, id: str, status: Any) -> Member:
    copy = await call.tx.edit(Member, id)
    copy.provisioning_status = status
    await call.tx.put(copy)
    return copy


async def _change(call: Call, keeper: Any, old: Member, given: Member) -> Member:
    """A member as the request has it: what it leaves out is the default again, but for its name, subnet and tags."""
    copy = await call.tx.edit(Member, old.id)
    said = {field.name for field, _ in given.ListFields()}
    names = [name for name in _CHANGEABLE if name in said or name not in ("name", "tags")]
    copy_fields(given, copy, names)
    if given.HasField("subnet_id"):
        copy.subnet_id = given.subnet_id
        without_subnet(copy)
    keeper.listing.apply_defaults(copy, set())
    copy.provisioning_status = states.PENDING_UPDATE
    call.stamp(copy.updated_at)
    await call.tx.put(copy)
    return copy

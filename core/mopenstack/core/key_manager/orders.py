"""Orders of keys (barbican.api.controllers.orders, barbican.tasks.resources).

A key is made when the order is due. A pair of keys takes up to seconds of computing: it is made in a thread, beside
the calls, and kept encrypted in the order until that is due. Where orders take no time, the answer waits for it, as it
does in a Barbican without workers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from mopenstack.contract.calls import RequestContext, Result
from mopenstack.contract.faults import Fault
from mopenstack.contract.values import plain_struct, to_struct
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Background, Call
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.servicer import Later
from mopenstack.core.key_manager import generation
from mopenstack.core.key_manager.base import Kept, count
from mopenstack.core.key_manager.containers import Containers
from mopenstack.core.key_manager.expiration import expiration, parse_time
from mopenstack.core.key_manager.schema import IN_ORDER, check_ordered, invalid
from mopenstack.core.key_manager.sealing import seal, unseal
from mopenstack.core.key_manager.secrets import Payload, Secrets, check_types
from mopenstack.key_manager.v1 import containers_pb2, refusals, secrets_pb2
from mopenstack.key_manager.v1 import orders_pb2 as pb

SCHEMA = "Order"
UNKNOWN = "Unknown"
OCTETS = "application/octet-stream"
_PLACES: Mapping[str, str] = {
    "private_key": "private",
    "public_key": "public",
    "private_key_passphrase": "passphrase",
}
"""Name in the container -> type of the secret."""


def _refuse(action: Any, order: pb.Order) -> Fault:
    return refusals.OrderNotFound()


ORDERS = Lifecycle(
    pb.Order, [Action("process", frozenset({"PENDING"}), seconds=0.5)], _refuse, error="ERROR", guards=()
)


class Orders(Kept[pb.Order]):
    service = pb.DESCRIPTOR.services_by_name["Orders"]
    message = pb.Order
    not_found = refusals.OrderNotFound
    lifecycle = ORDERS

    async def create_order(self, call: Call, request: pb.CreateOrderRequest) -> Result | Later:
        meta = plain_struct(request.meta)
        check_ordered(meta)
        _check_meta(call, meta, request.type)
        await call.quota.take(self.quota_service, call.caller.project_id, {"orders": 1})
        order = await self.insert(call, _order(call, meta, request.type))
        if request.type == "key" or generation.failure(request.type, meta) is not None:
            await ORDERS.begin(call, await call.tx.edit(pb.Order, order.id), "process")
            return pb.OrderReference(id=order.id)
        done = _start(call, order)
        if call.cloud.profile != "instant":
            return pb.OrderReference(id=order.id)

        async def make() -> Result:
            await done.wait()
            return pb.OrderReference(id=order.id)

        return Later(make)

    async def fulfil(self, call: Call, order_id: str) -> str:
        """Carry an order of a key out at once; the id of its secret. Raises the refusal of one that fails."""
        await ORDERS.complete(call, order_id, "process")
        order = await call.tx.get(pb.Order, order_id)
        assert order is not None
        if not order.secret_id:
            raise refusals.UnsupportedField(order.error_reason)
        return order.secret_id

    async def matches(self, call: Call, obj: pb.Order, key: str, values: Sequence[str]) -> bool:
        return key != "meta" or not values[-1] or values[-1] in str(plain_struct(obj.meta))

    async def remove(self, call: Call, obj: pb.Order) -> None:
        await count(call, obj.project_id, "orders", -1)

    async def recover(self, call: Call) -> None:
        """Begin again with the pairs of keys that were under way."""
        for order in await call.tx.scan(pb.Order):
            if order.status == "PENDING" and not order.made and await call.tx.scheduled(order) is None:
                _start(call, order)


def _order(call: Call, meta: dict[str, Any], type: str) -> pb.Order:
    """A new order, with its meta as Barbican keeps it."""
    expires = meta.get("expiration")
    kept = {**meta, "name": _stripped(meta.get("name"))}
    kept["expiration"] = parse_time(expires).strftime("%Y-%m-%dT%H:%M:%S.%f") if expires and expires.strip() else None
    return pb.Order(type=type, meta=to_struct(kept), creator_id=call.caller.user_id)


def _stripped(name: Any) -> str | None:
    return name.strip() if isinstance(name, str) else None


def _check_meta(call: Call, meta: Mapping[str, Any], type: str) -> None:
    """What Barbican's TypeOrderValidator asks behind its schemas, in its order."""
    expiration(call, meta.get("expiration") or "", IN_ORDER)
    kind = meta.get("payload_content_type")
    if "payload" in meta:
        check_types(kind, meta.get("payload_content_encoding"), IN_ORDER)
        raise invalid(SCHEMA, f"'payload' not allowed for {type} type order", "meta")
    if kind:
        check_types(kind, "base64" if kind.startswith("application/") else None, IN_ORDER)
    label = "key" if type == "key" else "asymmetric key"
    for name in ("algorithm", "bit_length"):
        if not meta.get(name):
            raise invalid(SCHEMA, f"'{name}' is required field for {label} type order", "meta")
    if meta["bit_length"] % 8:
        raise refusals.UnsupportedField()


# -- carrying out


@ORDERS.on("process")
async def _process(call: Call, order: pb.Order) -> None:
    meta = plain_struct(order.meta)
    failed = generation.failure(order.type, meta)
    if failed is not None:
        order.status, order.error_status_code, order.error_reason = "ERROR", failed.status, failed.reason
        return
    if order.type == "key":
        data = generation.symmetric(int(meta["bit_length"]))
        order.secret_id = (await _keep(call, order, meta, "symmetric", data)).id
    else:
        order.container_id = await _keep_pair(call, order, meta)
    order.status, order.sub_status, order.sub_status_message = "ACTIVE", UNKNOWN, UNKNOWN


@ORDERS.fails("process")
async def _not_processed(call: Call, order: pb.Order, why: str) -> None:
    order.error_status_code, order.error_reason = "500", why
    del order.made[:]


async def _keep(
    call: Call, order: pb.Order, meta: Mapping[str, Any], secret_type: str, data: bytes
) -> secrets_pb2.Secret:
    """A secret with what an order made."""
    secret = secrets_pb2.Secret(project_id=order.project_id, creator_id=order.creator_id, secret_type=secret_type)
    for name in ("name", "algorithm", "bit_length", "mode"):
        if meta.get(name) is not None:
            setattr(secret, name, meta[name])
    if meta.get("expiration"):
        secret.expiration.FromDatetime(parse_time(meta["expiration"]))
    payload = Payload(data, meta.get("payload_content_type") or OCTETS)
    return await call.service(Secrets).keep(call, secret, payload)


async def _keep_pair(call: Call, order: pb.Order, meta: Mapping[str, Any]) -> str:
    """The container of a pair of keys that was made."""
    container = containers_pb2.Container(
        project_id=order.project_id, creator_id=order.creator_id, type=str(meta["algorithm"]).lower()
    )
    if meta.get("name") is not None:
        container.name = meta["name"]
    for made in order.made:
        data = unseal(call, order.project_id, order.id, made.nonce, made.text)
        secret = await _keep(call, order, meta, made.secret_type, data)
        container.secret_refs.add(name=made.name, secret_id=secret.id)
    del order.made[:]
    await count(call, order.project_id, "containers", 1)
    return (await call.service(Containers).insert(call, container)).id


def _start(call: Call, order: pb.Order) -> asyncio.Event:
    """Make the pair of keys of an order beside the calls, once the transaction holds; the event tells the end."""
    done = asyncio.Event()
    meta, cloud, order_id = plain_struct(order.meta), call.cloud, order.id
    passphrase = str(meta.get("passphrase") or "")

    async def work(background: Background) -> None:
        made = await asyncio.to_thread(
            generation.asymmetric, str(meta["algorithm"]), int(meta["bit_length"]), passphrase
        )

        async def put(other: Call) -> None:
            if await other.tx.get(pb.Order, order_id) is None:
                return  # it was deleted
            new = await other.tx.edit(pb.Order, order_id)
            data = dict(zip(_PLACES, (*made, passphrase.encode()), strict=True))
            for name, secret_type in _PLACES.items():
                if data[name]:
                    nonce, text = seal(other, new.project_id, new.id, data[name])
                    new.made.add(name=name, secret_type=secret_type, nonce=nonce, text=text)
            await ORDERS.begin(other, new, "process")

        await background.transact(cloud, RequestContext(cloud=cloud.name), put)

    async def tell(background: Background) -> None:
        try:
            await work(background)
        finally:
            done.set()

    call.start(tell)
    return done

"""Readers, their subscriptions, remarks and wishes."""

from __future__ import annotations

from typing import Any

from mopenstack_tests.library.v1 import readers_pb2 as pb

from mopenstack.contract.calls import Result
from mopenstack.contract.refusals import refusals
from mopenstack.core.engine import json_patch
from mopenstack.core.engine.associations import Association, Ends
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.parts import Parts
from mopenstack.core.engine.servicer import ResourceServicer, Servicer

errors: Any = refusals("mopenstack_tests.library.v1")


async def _permit(call: Call, request: Any, ends: Ends) -> None:
    """A reader who is banned has nothing to do with shelves, once it is clear that there is one."""
    if "card" in ends and ends["card"].name == "banned":
        raise errors.NotTold(id=ends["card"].card)


async def _noted(call: Call, subscription: Any, ends: Ends) -> None:
    note = pb.SubscriptionNote(id=f"note of {subscription.id}", subscription_id=subscription.id)
    await call.tx.put(note)


SUBSCRIPTIONS = Association(
    pb.Subscription,
    {"shelf_id": "shelf", "card": "reader"},
    permit=_permit,
    add=_noted,
    missing=lambda call, subscription: errors.NoSubscription(card=subscription.card),
    filters=True,
)


async def _sign(call: Call, reader: Any, remark: Any, request: Any) -> None:
    """A remark has an author."""
    if remark.text == "rude":
        raise errors.NotTold(id=remark.name)
    remark.author = call.caller.user_name


async def _keep(call: Call, reader: Any, name: str) -> None:
    if name == "kept" or (not name and "kept" in reader.remarks):
        raise errors.PartKept(name="kept")


async def _compare(call: Call, shown: Any, before: Any) -> None:
    if before is not None:
        shown.text += f" (was: {before.text})"


REMARKS = Parts(
    "reader",
    "remarks",
    missing=lambda call, reader, name: errors.NoSuchPart(name=name),
    taken=lambda call, reader, name, former: errors.PartExists(name=name, former=former),
    check=_sign,
    remove=_keep,
    view=_compare,
)
WISHES = Parts(
    "reader",
    "wishes",
    missing=lambda call, reader, name: errors.NoSuchPart(name=name),
    taken=lambda call, reader, name, former: errors.PartExists(name=name, former=former),
    key="title",
    touches=False,
)


class Readers(ResourceServicer[Any]):
    service = pb.DESCRIPTOR.services_by_name["Readers"]
    message = pb.Reader
    not_found = errors.ReaderNotFound
    page_default = 2

    async def ask_reader(self, call: Call, request: Any) -> Result:
        found: Result = call.target
        return found

    async def greet_reader(self, call: Call, request: Any) -> Result:
        found: Result = call.target
        return found

    async def patch_reader(self, call: Call, request: Any) -> Result:
        page = json_patch.apply({"name": call.target.name, "lines": []}, request.patch)
        found: Result = pb.Page(text=str(page))
        return found


class Subscriptions(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Subscriptions"]


class Remarks(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Remarks"]

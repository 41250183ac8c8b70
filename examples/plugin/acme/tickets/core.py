"""Tickets and their comments: what no declaration says."""

from typing import Any

from acme.tickets.v1 import tickets_pb2 as pb

from mopenstack.contract.refusals import refusals
from mopenstack.core.engine.actions import Action
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.core.engine.quota import QuotaSet
from mopenstack.core.engine.servicer import ResourceServicer

errors: Any = refusals("acme.tickets.v1")
Ticket = pb.Ticket

LIFECYCLE = Lifecycle(
    Ticket,
    (
        Action("close", frozenset({Ticket.OPEN}), interim=Ticket.CLOSING, to=Ticket.CLOSED, seconds=5),
        Action("reopen", frozenset({Ticket.CLOSED}), to=Ticket.OPEN, seconds=0),
    ),
    lambda action, ticket: errors.TicketInWrongState(id=ticket.id, action=action.name),
)
QUOTAS = QuotaSet("tickets", {"tickets": 10}, lambda over: errors.TooManyTickets(limit=over.limits["tickets"]))
TAGS = Collection("ticket", "tags", ordered=True, missing=lambda call, ticket, tag: errors.TagNotFound(tag=tag))


class Tickets(ResourceServicer[Any]):
    service = pb.DESCRIPTOR.services_by_name["Tickets"]
    message = Ticket
    lifecycle = LIFECYCLE
    not_found = errors.TicketNotFound

    async def remove(self, call: Call, obj: Any) -> None:
        """A ticket takes its comments with it."""
        for comment in await call.tx.query(pb.Comment, ticket_id=obj.id):
            await call.tx.delete(pb.Comment, comment.id)


class Comments(ChildServicer[Any]):
    service = pb.DESCRIPTOR.services_by_name["Comments"]
    message = pb.Comment
    not_found = errors.CommentNotFound

"""Revocation events, and lists that Keystone no longer keeps. After keystone.revoke.core and its model.

Whether a token is valid is decided by the objects themselves (tokens.validate), not by these events.
"""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result, Servicer
from mopenstack.core.engine.times import seconds_of
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.auth import revocations_pb2 as pb2

KEPT_SECONDS = 86_400 + 1_800
"""An event is forgotten once no token can be that old (keystone.conf.revoke.expiration_buffer)."""
_NO_PKI = "This API is no longer available due to the removal of support for PKI tokens."


class Revocations(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["Revocations"]

    async def list_revocation_events(self, call: Call, request: pb2.ListRevocationEventsRequest) -> Result:
        since = 0.0
        if request.since:
            try:
                since = seconds_of(request.since)
            except ValueError:
                raise BadRequest(f"invalidate date format {request.since}") from None
        kept = max(since, call.time - KEPT_SECONDS)
        found = [event for event in await call.tx.scan(pb2.RevocationEvent) if event.revoked_at.seconds >= int(kept)]
        found.sort(key=lambda event: (event.revoked_at.seconds, event.id))
        return pb2.ListRevocationEventsResponse(events=found)

    async def get_certificates(self, call: Call, request: pb2.GoneRequest) -> Result:
        raise refusals.Gone(_NO_PKI)

    async def get_revoked_tokens(self, call: Call, request: pb2.GoneRequest) -> Result:
        raise refusals.NotAuthorized


async def record(
    call: Call,
    *,
    audit_id: str = "",
    user_id: str = "",
    project_id: str = "",
    trust_id: str = "",
    consumer_id: str = "",
) -> None:
    """Store an event that revokes the tokens of exactly one of these."""
    event = pb2.RevocationEvent(id=call.ids.hex())
    facts = {
        "audit_id": audit_id,
        "user_id": user_id,
        "revoked_project_id": project_id,
        "trust_id": trust_id,
        "consumer_id": consumer_id,
    }
    for name, value in facts.items():
        if value:
            setattr(event, name, value)
    call.stamp(event.issued_before, int(call.time))
    call.stamp(event.revoked_at, int(call.time))
    await call.tx.put(event, fresh=True)

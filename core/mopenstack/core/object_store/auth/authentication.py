"""Who a request's token says that it is."""

from __future__ import annotations

from dataclasses import replace

from mopenstack.contract.faults import Fault
from mopenstack.core.engine.call import Call
from mopenstack.core.object_store.auth.identity import NOBODY, PREFIX, Identity
from mopenstack.core.object_store.times import seconds
from mopenstack.identity.v3.auth.tokens_pb2 import GetTokenRequest
from mopenstack.object_store.v1 import tokens_pb2


async def identify(call: Call, service_token: str = "") -> Identity:
    """The caller by their token, of Keystone or of TempAuth; nobody without one that works.

    With TempAuth the groups of a service that shows its own token are the caller's, too; with Keystone its roles count
    beside the caller's, and one that does not work makes nobody of them.
    """
    if call.context.token.startswith(f"{PREFIX}tk"):
        found = await _temp_auth(call, call.context.token)
        if service_token and found.confirmed:
            return replace(found, groups=found.groups + (await _temp_auth(call, service_token)).groups)
        return found
    if not call.caller.user_id:
        return NOBODY
    if not service_token:
        return Identity(call.caller)
    roles = await _roles(call, service_token)
    return NOBODY if roles is None else Identity(call.caller, roles)


async def _roles(call: Call, token: str) -> frozenset[str] | None:
    """The roles of a token of Keystone's; None for one that does not work."""
    try:
        found = await call.invoke(
            "mopenstack.identity.v3.Tokens.GetToken", GetTokenRequest(subject_token=token), elevated=True
        )
    except Fault:
        return None
    return frozenset(role.name.lower() for role in found.token.roles)


async def _temp_auth(call: Call, id: str) -> Identity:
    token = await call.tx.get(tokens_pb2.Token, id)
    if token is None or seconds(token.expires_at) <= call.time:
        return NOBODY
    return Identity(groups=tuple(token.groups))

"""TempAuth's tokens. Source: swift.common.middleware.tempauth."""

from __future__ import annotations

from mopenstack.contract.calls import ByteStream
from mopenstack.contract.faults import Fault
from mopenstack.contract.values import to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Servicer
from mopenstack.core.object_store import addresses
from mopenstack.core.object_store.auth.identity import PREFIX, SERVICE_PREFIX
from mopenstack.core.object_store.listing import nothing
from mopenstack.core.object_store.options import TEMP_AUTH_USERS, parse_users
from mopenstack.core.object_store.requests import HTML, refusal
from mopenstack.core.object_store.times import seconds
from mopenstack.identity.v3.auth.tokens_pb2 import CreateTokenRequest
from mopenstack.object_store.v1 import tokens_pb2 as pb

LIFE_SECONDS = 86400
"""token_life."""


class Tokens(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Tokens"]

    async def issue_token(self, call: Call, request: pb.IssueTokenRequest) -> ByteStream:
        account, user, key = _credentials(request)
        known = temp_auth_users(call)
        if f"{account}:{user}" in known:
            return await _own(call, account, user, key, known[f"{account}:{user}"])
        return await _keystone(call, account, user, key)


def _credentials(request: pb.IssueTokenRequest) -> tuple[str, str, str]:
    """(account, user, key); refuses what lacks one of them."""
    if request.account:
        account, user = request.account, request.storage_user
        if not user:
            owner, colon, user = request.user.partition(":")
            if not colon or owner != account:
                raise _denied(account)
        key = request.storage_pass or request.key
    else:
        account, colon, user = (request.user or request.storage_user).partition(":")
        if not colon:
            raise _denied("unknown")
        key = request.key or request.storage_pass
    if not (account and user and key):
        raise _denied(account)
    return account, user, key


def _denied(account: str) -> Fault:
    return refusal(401, headers={"Www-Authenticate": f'Swift realm="{account or "unknown"}"'})


def temp_auth_users(call: Call) -> dict[str, tuple[str, list[str]]]:
    """`account:name` -> (key, groups) of the cloud's users of TempAuth."""
    text = call.cloud.option(TEMP_AUTH_USERS)
    return parse_users(text) if text.strip() else {}


async def _own(call: Call, account: str, user: str, key: str, known: tuple[str, list[str]]) -> ByteStream:
    if known[0] != key:
        raise _denied(account)
    return await issue(call, account, user, known)


async def issue(call: Call, account: str, user: str, known: tuple[str, list[str]]) -> ByteStream:
    """The token of a user of TempAuth: the one that they have, as long as it is good."""
    name = f"{account}:{user}"
    groups = [account, name, *(group for group in known[1] if group != ".admin")]
    if ".admin" in known[1]:
        groups += [PREFIX + account, SERVICE_PREFIX + account]
    for token in await call.tx.query(pb.Token, user=name):
        if seconds(token.expires_at) > call.time and list(token.groups) == groups:
            return _answer(call, token.id, PREFIX + account, seconds(token.expires_at) - call.time)
        await call.tx.delete(pb.Token, token.id)
    token = pb.Token(id=f"{PREFIX}tk{call.ids.uuid().replace('-', '')}", user=name, groups=groups)
    call.stamp(token.expires_at, call.time + LIFE_SECONDS)
    await call.tx.put(token)
    return _answer(call, token.id, PREFIX + account, LIFE_SECONDS)


async def _keystone(call: Call, project: str, user: str, password: str) -> ByteStream:
    """A token of Keystone's for a user of the default domain."""
    request = CreateTokenRequest()
    request.auth.identity.methods.names.append("password")
    given = request.auth.identity.password.user
    given.name, given.password, given.domain.id = user, password, "default"
    request.auth.scope.CopyFrom(to_value({"project": {"name": project, "domain": {"id": "default"}}}))
    try:
        answer = await call.invoke("mopenstack.identity.v3.Tokens.CreateToken", request)
    except Fault:
        raise _denied(project) from None
    left = seconds(answer.token.expires_at) - call.time
    return _answer(call, answer.subject_token, PREFIX + answer.token.project.id, left)


def _answer(call: Call, token: str, account: str, life: float) -> ByteStream:
    headers = {
        "X-Auth-Token": token,
        "X-Storage-Token": token,
        "X-Auth-Token-Expires": str(int(life)),
        "X-Storage-Url": f"{addresses.base(call)}/v1/{account}",
    }
    return ByteStream(nothing(), 0, HTML, headers)

"""Access rules of application credentials: one a user and (service, path, method), kept when unused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.caller_patterns import BadPattern, Pattern, caller_pattern
from mopenstack.core.engine.children import ChildServicer
from mopenstack.core.identity.auth.delegation import refuse_trust_and_oauth
from mopenstack.core.identity.base import IdentityServicer, number
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.application_credential import access_rules_pb2 as pb2
from mopenstack.identity.v3.application_credential.application_credentials_pb2 import ApplicationCredential

_BLOCK_STORAGE = frozenset({"block-storage", "volumev3", "volume"})


class AccessRules(ChildServicer[pb2.AccessRule], IdentityServicer[pb2.AccessRule]):
    service = pb2.DESCRIPTOR.services_by_name["AccessRules"]
    message = pb2.AccessRule
    not_found = refusals.AccessRuleNotFound

    async def before(self, call: Call, request: Any) -> None:
        refuse_trust_and_oauth(call.caller)

    async def remove(self, call: Call, obj: pb2.AccessRule) -> None:
        for credential in await call.tx.query(ApplicationCredential, user_id=obj.user_id):
            if any(used.id == obj.id for used in credential.access_rules):
                raise refusals.AccessRuleInUse


def permitted(call: Call, caller: Caller) -> bool:
    """Whether one of the caller's access rules allows the request (keystonemiddleware.auth_token).

    A token may always be validated. Over gRPC the operation's own verb and path count.
    """
    operation, api = call.operation, call.api
    if api is None:
        return True
    verb, path = call.context.verb, call.context.path
    if not path and operation is not None and operation.routes:
        verb, path = operation.routes[0].verb, operation.routes[0].path
    if (api.type, verb, path) == ("identity", "GET", "/v3/auth/tokens"):
        return True
    types = _BLOCK_STORAGE if api.type in _BLOCK_STORAGE else {api.type}
    paths = (path, api.prefix + path)
    for service, method, pattern in caller.access_rules:
        compiled = _pattern(pattern) if service in types and method == verb else None
        if compiled is not None and any(compiled.fullmatch(item) for item in paths):
            return True
    return False


@lru_cache(maxsize=1024)
def _pattern(text: str) -> Pattern | None:
    """`{name}` and `*` stand for one part of a path, `**` for any number of them; None: too much to be looked for."""

    def one(match: re.Match[str]) -> str:
        found = match.group()
        if found == "**":
            return ".*"
        return "[^/]+" if found == "*" or found.startswith("{") else re.escape(found)

    try:
        return caller_pattern(re.sub(r"\{[^}]*\}|\*\*|\*|[^{*]+|\{", one, text))
    except BadPattern:
        return None


async def keep_rules(call: Call, user_id: str, asked: Iterable[Any]) -> list[pb2.AccessRule]:
    """The user's rules of these ids, or of these contents, made where there are none."""
    known = {_content(rule): rule for rule in reversed(await call.tx.query(pb2.AccessRule, user_id=user_id))}
    kept = []
    for wanted in asked:
        if wanted.HasField("id"):
            found = await call.tx.get(pb2.AccessRule, wanted.id)
            if found is None or found.user_id != user_id:
                raise refusals.AccessRuleNotFound(id=wanted.id)
        else:
            found = known.get(_content(wanted))
        if found is None:
            found = pb2.AccessRule(
                id=call.ids.hex(), path=wanted.path, method=wanted.method, service=wanted.service, user_id=user_id
            )
            await number(call, found)
            await call.tx.put(found, fresh=True)
            known[_content(found)] = found
        kept.append(found)
    return kept


def _content(rule: Any) -> tuple[str, str, str]:
    return rule.path, rule.method, rule.service

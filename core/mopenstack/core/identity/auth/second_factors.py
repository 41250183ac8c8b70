"""Users who must show more than one thing, and the receipts for what they have shown so far.

After keystone.auth.core.UserMFARulesValidator and keystone.receipt. A receipt is encrypted like a token, with a
key of its own: neither is ever taken for the other.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from mopenstack.contract.values import plain_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import Cloud
from mopenstack.identity.v3 import refusals
from mopenstack.identity.v3.identity.users_pb2 import User
from mopenstack.identity.v3.resource.projects_pb2 import Project

LOADED = frozenset({"external", "password", "token", "oauth1", "mapped", "application_credential"})
"""keystone.conf.auth.methods: a rule counts only with these of its methods, so that no user is locked out."""

LIFETIME = 300
"""keystone.conf.receipt.expiration."""


async def check_factors(call: Call, user: User, methods: list[str], receipt: str) -> list[str]:
    """All methods shown, those of the receipt among them; raises AuthReceipt if one of the rules is not met."""
    shown = [*methods, *(method for method in _accepted(call, user, receipt) if method not in methods)]
    rules = _rules(user)
    if not rules or any(rule <= set(shown) for rule in rules):
        return shown
    required = [sorted(rule) for rule in rules if rule & set(shown)]
    domain = await call.tx.get(Project, user.domain_id)
    issued, expires = int(call.time), int(call.time) + LIFETIME
    document = {
        "receipt": {
            "methods": shown,
            "user": {
                "id": user.id,
                "name": user.name,
                "domain": {"id": user.domain_id, "name": domain.name if domain is not None else ""},
            },
            "expires_at": _time(expires),
            "issued_at": _time(issued),
        },
        "required_auth_methods": required,
    }
    data = json.dumps([user.id, shown, expires, user.token_generation]).encode()
    made = _fernet(call.cloud).encrypt_at_time(data, issued).decode().rstrip("=")
    raise refusals.AuthReceipt(receipt=made, document=json.dumps(document))


def _rules(user: User) -> list[set[str]]:
    """The user's rules, as far as this cloud can follow them."""
    options = plain_struct(user.options)
    if not options.get("multi_factor_auth_enabled", True):
        return []
    found = [set(rule) & LOADED for rule in options.get("multi_factor_auth_rules", []) if _is_rule(rule)]
    return [rule for rule in found if rule]


def _is_rule(rule: Any) -> bool:
    return isinstance(rule, list) and all(isinstance(method, str) for method in rule)


def _accepted(call: Call, user: User, receipt: str) -> list[str]:
    if not receipt:
        return []
    try:
        data = _fernet(call.cloud).decrypt(receipt + "=" * (-len(receipt) % 4))
    except (InvalidToken, UnicodeEncodeError):
        raise refusals.ReceiptNotFound(id=receipt) from None
    owner, methods, expires, generation = json.loads(data)
    if owner != user.id or expires <= call.time or generation != user.token_generation:
        raise refusals.ReceiptNotFound(id=receipt)
    return list(methods)


def _fernet(cloud: Cloud) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"receipt" + cloud.key).digest()))


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")

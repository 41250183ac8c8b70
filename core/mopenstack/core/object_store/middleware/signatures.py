"""Keys of accounts and containers, and what is signed with them. Source: swift.common.digest."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Sequence

from mopenstack.core.object_store.accounts import usage
from mopenstack.core.object_store.containers import backend as containers
from mopenstack.core.object_store.requests import Request

DIGESTS = ("sha1", "sha256", "sha512")
KEYS = ("temp-url-key", "temp-url-key-2")
_LENGTHS = {40: "sha1", 64: "sha256", 128: "sha512"}


async def keys_of(req: Request) -> list[tuple[str, str]]:
    """(key, what it is good for): the keys of the account, and of the container."""
    account, container = await usage.find(req), await containers.find(req)
    found = []
    if account is not None:
        found += [(account.metadata[name], f"{req.account}/") for name in KEYS if account.metadata.get(name)]
    if container is not None:
        scope = f"{req.account}/{req.container}/"
        found += [(container.metadata[name], scope) for name in KEYS if container.metadata.get(name)]
    return found


def parsed(signature: str) -> tuple[str, str] | None:
    """(digest, signature in hexadecimal digits); None for what is no signature."""
    digest, colon, value = signature.partition(":")
    if not colon:
        name = _LENGTHS.get(len(signature))
        try:
            bytes.fromhex(signature)
        except ValueError:
            return None
        return (name, signature.lower()) if name else None
    if digest not in DIGESTS:
        return None
    text = value.replace("-", "+").replace("_", "/")
    try:
        return digest, base64.b64decode(text + "=" * (-len(text) % 4), validate=True).hex()
    except (ValueError, binascii.Error):
        return None


def scope_of(keys: Sequence[tuple[str, str]], digest: str, signature: str, messages: Iterable[str]) -> str:
    """What the key that signed one of the messages is good for; empty if none did."""
    for message in messages:
        for key, scope in keys:
            made = hmac.new(key.encode(), message.encode(), digest).hexdigest()
            if hmac.compare_digest(made, signature):
                return scope
    return ""

"""Passwords and other secrets are kept as bcrypt hashes, of low cost: a mock is asked for tokens all day.

Keystone's own cost is 12 (keystone.common.password_hashing); like it, a password counts up to 72 bytes.
"""

from __future__ import annotations

from functools import lru_cache

import bcrypt

ROUNDS = 4
BYTES_MAX = 72


def hash_secret(secret: str) -> str:
    return bcrypt.hashpw(_bytes(secret), bcrypt.gensalt(ROUNDS)).decode()


@lru_cache(maxsize=1024)
def matches(secret: str, hashed: str) -> bool:
    """Whether the secret is the one; an empty hash matches nothing."""
    return bool(hashed) and bcrypt.checkpw(_bytes(secret), hashed.encode())


def _bytes(secret: str) -> bytes:
    return secret.encode()[:BYTES_MAX]

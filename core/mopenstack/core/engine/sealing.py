"""Secrets at rest: AES-256 in Galois/Counter mode, with a key for each purpose and owner.

The key follows (HKDF with SHA-256) from the master key of the process, which is kept outside of the store:
core/store/master_key.py. The id of the object is authenticated with the secret, so that the rows of a store cannot be
exchanged. A store without its master key, or with another one, gives no secret away: reading one is a 500.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from mopenstack.contract.faults import Internal
from mopenstack.core.engine.call import Call

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def seal(call: Call, purpose: str, owner: str, id: str, secret: bytes) -> tuple[bytes, bytes]:
    """(nonce, encrypted secret) of the object with this id."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce, _cipher(call.master_key, purpose, owner).encrypt(nonce, secret, id.encode())


def unseal(call: Call, purpose: str, owner: str, id: str, nonce: bytes, text: bytes) -> bytes:
    """The secret; raises Internal where the master key is not the one that it was encrypted under."""
    from cryptography.exceptions import InvalidTag

    try:
        return _cipher(call.master_key, purpose, owner).decrypt(nonce, text, id.encode())
    except InvalidTag:
        raise Internal("The master key is not the one that the payload was encrypted under.") from None


@lru_cache(maxsize=1024)
def _cipher(master_key: bytes, purpose: str, owner: str) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    info = f"mopenstack {purpose} {owner}".encode()
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=info).derive(master_key))

"""The SSH host keys of a guest: the same for a server each time, and of no use to anyone, as no guest answers.

Source: ssh-keygen, whose output cloud-init shows (cloudinit.config.cc_ssh, cc_keys_to_console).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

_RSA_BITS = 3072
_RSA_EXPONENT = 65537
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ART_WIDTH, _ART_HEIGHT, _ART_SYMBOLS = 17, 9, " .o+=*BOX@%&#/^SE"


@dataclass(frozen=True, slots=True)
class HostKey:
    """`word` is what ssh-keygen calls the kind: ECDSA."""

    kind: str
    word: str
    bits: int
    blob: bytes

    @property
    def line(self) -> str:
        """As the file of the public key has it, without a comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` tells it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def file(self) -> str:
        return f"/etc/ssh/ssh_host_{self.word.lower()}_key"


def host_keys(server_id: str) -> tuple[HostKey, ...]:
    """The keys that the guest of a server makes at its first boot, in the order of cloud-init's ssh_genkeytypes.

    The number in the RSA key is no product of two primes that are known: there is no private key to it.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    raw, point = serialization.Encoding.Raw, serialization.Encoding.X962
    modulus = int.from_bytes(_stream(server_id, "rsa", _RSA_BITS // 8)) | 1 << (_RSA_BITS - 1) | 1
    secret = 1 + int.from_bytes(_stream(server_id, "ecdsa", 32)) % (_P256_ORDER - 1)
    on_curve = ec.derive_private_key(secret, ec.SECP256R1()).public_key()
    curve = on_curve.public_bytes(point, serialization.PublicFormat.UncompressedPoint)
    edwards = ed25519.Ed25519PrivateKey.from_private_bytes(_stream(server_id, "ed25519", 32)).public_key()
    p256 = b"nistp256"
    return (
        HostKey("ssh-rsa", "RSA", _RSA_BITS, _packed(b"ssh-rsa", _integer(_RSA_EXPONENT), _integer(modulus))),
        HostKey("ecdsa-sha2-nistp256", "ECDSA", 256, _packed(b"ecdsa-sha2-" + p256, p256, curve)),
        HostKey(
            "ssh-ed25519",
            "ED25519",
            256,
            _packed(b"ssh-ed25519", edwards.public_bytes(raw, serialization.PublicFormat.Raw)),
        ),
    )


def generated(key: HostKey, comment: str) -> Iterator[str]:
    """What ssh-keygen prints when it makes a key."""
    yield f"Generating public/private {key.word.lower()} key pair."
    yield f"Your identification has been saved in {key.file}"
    yield f"Your public key has been saved in {key.file}.pub"
    yield "The key fingerprint is:"
    yield f"{key.fingerprint} {comment}"
    yield "The key's randomart image is:"
    yield from _art(key)


def _art(key: HostKey) -> Iterator[str]:
    """The picture of a fingerprint: a bishop's walk. Source: sshkey.c of OpenSSH, fingerprint_randomart."""
    field = [[0] * _ART_WIDTH for _ in range(_ART_HEIGHT)]
    x, y, end = _ART_WIDTH // 2, _ART_HEIGHT // 2, len(_ART_SYMBOLS) - 1
    for octet in hashlib.sha256(key.blob).digest():
        for shift in (0, 2, 4, 6):
            step = octet >> shift
            x = min(max(x + (1 if step & 1 else -1), 0), _ART_WIDTH - 1)
            y = min(max(y + (1 if step & 2 else -1), 0), _ART_HEIGHT - 1)
            if field[y][x] < end - 2:
                field[y][x] += 1
    field[_ART_HEIGHT // 2][_ART_WIDTH // 2] = end - 1
    field[y][x] = end
    yield _edge(f"[{key.word} {key.bits}]")
    for row in field:
        yield "|" + "".join(_ART_SYMBOLS[value] for value in row) + "|"
    yield _edge("[SHA256]")


def _edge(title: str) -> str:
    return "+" + ("-" * ((_ART_WIDTH - len(title)) // 2) + title).ljust(_ART_WIDTH, "-") + "+"


def _stream(server_id: str, purpose: str, length: int) -> bytes:
    return hashlib.shake_256(f"{purpose} of {server_id}".encode()).digest(length)


def _packed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def _integer(value: int) -> bytes:
    """An mpint (RFC 4251)."""
    return value.to_bytes(value.bit_length() // 8 + 1)

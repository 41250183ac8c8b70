"""Certificates made on the fly: a CA of its own, a server's and a client's."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAYS = 7


@dataclass(frozen=True, slots=True)
class Pair:
    """The PEM files of a certificate, its CA behind it, and of its key."""

    cert: Path
    key: Path


def pair_of(folder: Path, name: str) -> Pair:
    """Where a folder has the certificate and key of this name, if they are made."""
    return Pair(folder / f"{name}.pem", folder / f"{name}.key")


class Authority:
    """A CA; `ca` is the PEM file that others trust."""

    def __init__(self, folder: Path, name: str = "mopenstack test CA") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _builder(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._cert = builder.sign(self._key, hashes.SHA256())
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(self._cert.public_bytes(serialization.Encoding.PEM))

    def server(self, *names: str) -> Pair:
        """A certificate for these addresses and host names."""
        known: list[x509.GeneralName] = []
        for name in names:
            try:
                known.append(x509.IPAddress(ipaddress.ip_address(name)))
            except ValueError:
                known.append(x509.DNSName(name))
        return self._pair("server", ExtendedKeyUsageOID.SERVER_AUTH, x509.SubjectAlternativeName(known))

    def client(self, name: str = "client") -> Pair:
        """A certificate with which a client shows who it is."""
        return self._pair(name, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def _pair(self, name: str, usage: x509.ObjectIdentifier, names: x509.SubjectAlternativeName | None) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"mopenstack {name}")])
        builder = _builder(subject, self._name, key.public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        pair = pair_of(self._folder, name)
        chain = (builder.sign(self._key, hashes.SHA256()), self._cert)
        pair.cert.write_bytes(b"".join(cert.public_bytes(serialization.Encoding.PEM) for cert in chain))
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return pair


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
    )

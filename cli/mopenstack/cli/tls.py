"""HTTPS for the one port and the classic ones: certificates that a user brings."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from cryptography import x509


class BadCertificate(Exception):
    """A certificate or a key that cannot be used; says which file and why."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The server's certificate (PEM, with the chain if there is one) and key; `client_ca` signs those of clients."""

    cert: Path
    key: Path
    client_ca: Path | None = None

    def context(self) -> ssl.SSLContext:
        """What the server's sockets need; a client that shows a certificate must show a good one.

        Raises BadCertificate.
        """
        self._check()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.cert, self.key, password=_no_password)
        except (ssl.SSLError, OSError) as error:
            raise BadCertificate(f"{self.cert} and {self.key} cannot be used: {error}") from None
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca)
            except (ssl.SSLError, OSError) as error:
                raise BadCertificate(f"{self.client_ca} holds no certificates of a CA: {error}") from None
            context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def chain(self) -> list[x509.Certificate]:
        """The certificates of the file, the server's own first; raises BadCertificate."""
        from cryptography import x509

        try:
            return x509.load_pem_x509_certificates(self.cert.read_bytes())
        except OSError as error:
            raise BadCertificate(f"{self.cert} cannot be read: {error.strerror}") from None
        except ValueError:
            raise BadCertificate(f"{self.cert} holds no certificate in PEM") from None

    def _check(self) -> None:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(self.key.read_bytes(), None)
        except OSError as error:
            raise BadCertificate(f"{self.key} cannot be read: {error.strerror}") from None
        except TypeError:
            raise BadCertificate(f"The key in {self.key} is encrypted: take the passphrase off it first") from None
        except ValueError:
            raise BadCertificate(f"{self.key} holds no private key in PEM") from None
        if self.chain()[0].public_key() != key.public_key():
            raise BadCertificate(f"The key in {self.key} does not belong to the certificate in {self.cert}")

    def host(self, listening: str) -> str:
        """By which name clients reach the server: the address it listens on, if the certificate knows it."""
        from cryptography import x509

        try:
            names = self.chain()[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return listening
        addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
        hosts = [host for host in names.get_values_for_type(x509.DNSName) if "*" not in host]
        if listening in addresses or listening in hosts:
            return listening
        near = _is_near(listening)
        local = [name for name in ("127.0.0.1", "localhost", "::1") if name in (*addresses, *hosts)]
        return next(iter([*(local if near else ()), *hosts, *addresses]), listening)

    @property
    def names(self) -> list[str]:
        """The host names that the certificate knows."""
        from cryptography import x509

        try:
            known = self.chain()[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return []
        return known.get_values_for_type(x509.DNSName)

    @property
    def ca(self) -> str:
        """The file that clients must trust (OS_CACERT); empty where it is another one than the server's own."""
        last = self.chain()[-1]
        return str(self.cert.absolute()) if last.issuer == last.subject else ""


def trusting(cert: str) -> ssl.SSLContext:
    """A client's context that trusts this very certificate, regardless of its issuer and name."""
    context = ssl.create_default_context(cafile=cert)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _is_near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified


def _no_password() -> NoReturn:
    raise BadCertificate("The key is encrypted: take the passphrase off it first")

"""Fetching an image's bytes from the web, within Glance's filter (glance.common.utils.get_validated_address).

The connection goes to the very address that was looked at, so that a name cannot lead elsewhere afterwards.
Addresses of this machine and of the link are refused, unless the host is one that the cloud's option names.
"""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from mopenstack.core.store.blobs import CHUNK_BYTES

SCHEMES = ("http", "https")
PORTS = (80, 443)
"""import_filtering_opts: allowed_schemes and allowed_ports."""
LOOKUP_SECONDS_MAX = 5
QUIET_SECONDS_MAX = 30
"""A server that says nothing for so long is gone."""
SECONDS_MAX = 3600
REDIRECTS_MAX = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Refused(Exception):
    """The filter does not let an address pass."""


class Unreachable(Exception):
    """The host is not known, or does not answer as a web server."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect to for an address."""

    uri: str
    parts: SplitResult
    host: str
    ip: str
    port: int


def split(uri: object, hosts: frozenset[str]) -> SplitResult:
    """The parts of an address whose form, scheme and port pass the filter; raises Refused."""
    if not isinstance(uri, str):
        raise Refused
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        raise Refused from None
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise Refused
    if port is not None and port not in PORTS and parts.hostname not in hosts:
        raise Refused
    return parts


async def target(uri: str, hosts: frozenset[str]) -> Target:
    """What to connect to; raises Refused, and Unreachable for a name that does not resolve."""
    parts = split(uri, hosts)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    allowed = [ip for ip in await _addresses(host, port) if host in hosts or not _is_near(ip)]
    if not allowed:
        raise Refused
    return Target(uri, parts, host, allowed[0], port)


async def _addresses(host: str, port: int) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    if all(letter.isdigit() or letter == "." for letter in host):
        raise Refused  # a number is no name: 2130706433 would be 127.0.0.1
    lookup = asyncio.get_running_loop().getaddrinfo(host.rstrip(".") + ".", port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.wait_for(lookup, LOOKUP_SECONDS_MAX)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise Unreachable(str(error)) from None
    return [str(address[4][0]).partition("%")[0] for address in found]


def _is_near(ip: str) -> bool:
    address = ipaddress.ip_address(ip)
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_link_local or mapped.is_unspecified)


async def fetch(uri: str, hosts: frozenset[str]) -> AsyncIterator[bytes]:
    """The bytes at an address; raises Refused (of a redirect) and Unreachable."""
    async with asyncio.timeout(SECONDS_MAX):
        for _ in range(REDIRECTS_MAX + 1):
            aim = await target(uri, hosts)
            connection, answer = await asyncio.to_thread(_ask, aim)
            try:
                if answer.status in _REDIRECTS and answer.headers.get("Location"):
                    uri = urljoin(uri, answer.headers["Location"])
                    continue
                if answer.status != http.HTTPStatus.OK:
                    raise Unreachable(f"HTTP Error {answer.status}: {answer.reason}")
                async for chunk in _read(answer):
                    yield chunk
                return
            finally:
                connection.close()
    raise Unreachable("too many redirects")


async def _read(answer: http.client.HTTPResponse) -> AsyncIterator[bytes]:
    expected, got = answer.length, 0
    while True:
        try:
            chunk = await asyncio.to_thread(answer.read, CHUNK_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(str(error)) from None
        if not chunk:
            break
        got += len(chunk)
        yield chunk
    if expected is not None and got != expected:
        raise Unreachable(f"{got} bytes came of {expected}")


def _ask(aim: Target) -> tuple[_Connection, http.client.HTTPResponse]:
    connection = _Connection(aim)
    path = aim.parts.path or "/"
    try:
        connection.request("GET", path + (f"?{aim.parts.query}" if aim.parts.query else ""))
        return connection, connection.getresponse()
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        connection.close()
        raise Unreachable(str(error)) from None


class _Connection(http.client.HTTPConnection):
    """A connection to the address that was looked at, in the name of the host."""

    def __init__(self, aim: Target) -> None:
        self._aim = aim
        super().__init__(aim.host, aim.port, timeout=QUIET_SECONDS_MAX)
        if aim.parts.scheme == "https" and aim.port == http.client.HTTPS_PORT:
            self.default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        self.sock = socket.create_connection((self._aim.ip, self._aim.port), QUIET_SECONDS_MAX)
        if self._aim.parts.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self._aim.host)

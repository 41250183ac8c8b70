"""The name server of a cloud: UDP and TCP, transfers and notifications, with TSIG (`mopenstack up --dns-port N`).

It is a face of the core as gRPC is one: each question is one transaction. What a client may take is bounded: waiting
questions, connections, bytes and seconds; a transfer is written in pieces with others served between them.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.tsig

from mopenstack.contract.calls import RequestContext
from mopenstack.core.dns.nameserver import answers
from mopenstack.core.dns.zones import secondary
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.clouds import DEFAULT, Cloud
from mopenstack.core.engine.engine import Engine
from mopenstack.dns.v2.operators.tsigkeys_pb2 import TsigKey
from mopenstack.dns.v2.zones.zones_pb2 import Zone

log = logging.getLogger(__name__)
T = TypeVar("T")

WAITING_MAX = 1000
"""UDP questions that wait; more are dropped, as the network does."""
WORKERS = 4
CONNECTIONS_MAX = 64
IDLE_SECONDS = 10.0
UDP_BYTES, UDP_BYTES_MAX = 512, 1232
QUERY_BYTES_MAX = 4096
MESSAGE_BYTES = 16 * 1024
"""How much of a transfer goes into one message."""
KEYS_MAX = 1000


class NameServer:
    """Answers DNS messages with what a cloud has."""

    def __init__(self, engine: Engine, cloud: str = DEFAULT) -> None:
        self._engine, self._cloud = engine, cloud

    async def transact(self, run: Callable[[Call], Awaitable[T]]) -> T:
        """Run something in one transaction of the cloud."""
        cloud: Cloud = await self._engine.find_cloud(self._cloud)
        return await self._engine.transact(cloud, RequestContext(cloud=self._cloud), run)

    async def messages(self, wire: bytes, peer: str, *, stream: bool) -> AsyncIterator[bytes]:
        """The messages that answer one; none for what is no question."""
        query = await self._read(wire)
        if query is None or query.flags & dns.flags.QR or len(wire) < 12:
            return
        if isinstance(query, _Refused):
            yield query.wire
            return
        limit = 65535 if stream else min(max(query.payload or 0, UDP_BYTES), UDP_BYTES_MAX)
        if query.opcode() == dns.opcode.NOTIFY:
            yield (await self._notified(query, peer)).to_wire(max_size=limit)
        elif query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
            yield _failed(query, dns.rcode.NOTIMP if len(query.question) == 1 else dns.rcode.FORMERR).to_wire()
        elif query.question[0].rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR) and stream:
            async for message in self._transfer(query):
                yield message
        else:
            response = await self.transact(lambda call: answers.answer(call, query))
            yield _rendered(response, limit)

    # -- reading

    async def _read(self, wire: bytes) -> Any:
        """The message, with its signature checked; None for what is no DNS message."""
        try:
            return dns.message.from_wire(wire, keyring=None, ignore_trailing=True)
        except dns.message.UnknownTSIGKey:
            pass
        except (dns.exception.DNSException, ValueError, IndexError):
            return None
        keyring = await self.transact(_keyring)
        try:
            return dns.message.from_wire(wire, keyring=keyring, ignore_trailing=True)
        except (dns.message.UnknownTSIGKey, dns.tsig.BadSignature, dns.tsig.BadKey, dns.tsig.BadTime):
            return _Refused(wire)
        except (dns.exception.DNSException, ValueError, IndexError):
            return None

    # -- notifications and transfers

    async def _notified(self, query: dns.message.Message, peer: str) -> dns.message.Message:
        """A master says that a zone has changed: it is asked, beside the answer (RFC 1996)."""
        if len(query.question) != 1:
            return _failed(query, dns.rcode.FORMERR)
        name = query.question[0].name.to_text().lower()

        async def look(call: Call) -> dns.rcode.Rcode:
            zone = next(iter(await call.tx.query(Zone, key=name)), None)
            if zone is None:
                return dns.rcode.NOTAUTH
            if zone.type != Zone.SECONDARY or peer not in {secondary.split(master)[0] for master in zone.masters}:
                return dns.rcode.REFUSED
            await call.publish("transfer", "zone", zone)
            return dns.rcode.NOERROR

        code = await self.transact(look)
        response = _failed(query, code)
        if code == dns.rcode.NOERROR:
            response.flags |= dns.flags.AA
        return response

    async def _transfer(self, query: dns.message.Message) -> AsyncIterator[bytes]:
        """A whole zone, in as many messages as it needs; an incremental transfer is answered so too (RFC 1995, 4)."""
        name = query.question[0].name.to_text().lower()

        async def look(call: Call) -> tuple[Zone, Any] | None:
            zone = await answers.zone_at(call, name)
            return None if zone is None else (zone.zone, await zone.all())

        found = await self.transact(look)
        if found is None:
            yield _failed(query, dns.rcode.NOTAUTH).to_wire()
            return
        rrsets = await asyncio.to_thread(lambda: list(answers.transfer(*found)))
        signing: Any = None
        for part in _parts(rrsets):
            response = dns.message.make_response(query)
            response.flags = (response.flags | dns.flags.AA) & ~dns.flags.RA
            response.answer.extend(part)
            yield response.to_wire(multi=query.had_tsig, tsig_ctx=signing)
            signing = response.tsig_ctx
            await asyncio.sleep(0)


def _parts(rrsets: Sequence[Any]) -> Iterator[list[Any]]:
    """The record sets of a transfer, as many in a message as it may have."""
    part: list[Any] = []
    size = 0
    for rrset in rrsets:
        more = sum(len(rdata.to_wire() or b"") + len(rrset.name.to_wire() or b"") + 10 for rdata in rrset)
        if part and size + more > MESSAGE_BYTES:
            yield part
            part, size = [], 0
        part.append(rrset)
        size += more
    if part:
        yield part


class _Refused:
    """The answer to a message whose signature is not good: NOTAUTH, unsigned (RFC 8945, 5.2)."""

    flags = 0

    def __init__(self, wire: bytes) -> None:
        head = bytearray(wire[:12])
        head[2], head[3] = 0x80 | (head[2] & 0x79), dns.rcode.NOTAUTH
        head[4:12] = bytes(8)
        self.wire = bytes(head)


async def _keyring(call: Call) -> dict[dns.name.Name, dns.tsig.Key]:
    """The TSIG keys of the cloud."""
    found = {}
    for key in (await call.tx.scan(TsigKey))[:KEYS_MAX]:
        with suppress(dns.exception.DNSException, ValueError):
            name = dns.name.from_text(key.name)
            algorithm = "hmac-md5.sig-alg.reg.int" if key.algorithm == "hmac-md5" else key.algorithm
            base64.b64decode(key.secret, validate=True)
            found[name] = dns.tsig.Key(name, key.secret, algorithm)
    return found


def _failed(query: dns.message.Message, code: dns.rcode.Rcode) -> dns.message.Message:
    response = dns.message.make_response(query)
    response.flags &= ~dns.flags.RA
    response.set_rcode(code)
    return response


def _rendered(response: dns.message.Message, limit: int) -> bytes:
    """A message of at most so many bytes; what does not fit is asked for again over TCP."""
    try:
        return response.to_wire(max_size=limit)
    except dns.exception.TooBig:
        for section in (response.answer, response.authority, response.additional):
            section.clear()
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=limit)


# -- sockets


class _Datagrams(asyncio.DatagramProtocol):
    """Questions over UDP: a bounded queue, and a few workers that empty it."""

    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._waiting: asyncio.Queue[tuple[bytes, Any]] = asyncio.Queue(WAITING_MAX)
        self._transport: Any = None
        self._workers = [asyncio.ensure_future(self._work()) for _ in range(WORKERS)]

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if len(data) <= QUERY_BYTES_MAX:
            with suppress(asyncio.QueueFull):
                self._waiting.put_nowait((data, addr))

    async def _work(self) -> None:
        while True:
            data, addr = await self._waiting.get()
            try:
                async for message in self._server.messages(data, addr[0], stream=False):
                    self._transport.sendto(message, addr)
            except Exception:  # the client asks again, and the log has the reason
                log.exception("a question over UDP failed inside")

    async def close(self) -> None:
        self._transport.close()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)


class _Connections:
    """Questions over TCP, one after the other on a connection."""

    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._open) >= CONNECTIONS_MAX:
            writer.close()
            return
        self._open.add(task)
        peer = writer.get_extra_info("peername") or ("",)
        try:
            while True:
                async with asyncio.timeout(IDLE_SECONDS):
                    size = int.from_bytes(await reader.readexactly(2), "big")
                    data = await reader.readexactly(size)
                if size > QUERY_BYTES_MAX:
                    return
                async for message in self._server.messages(data, peer[0], stream=True):
                    writer.write(len(message).to_bytes(2, "big") + message)
                    async with asyncio.timeout(IDLE_SECONDS):
                        await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError, asyncio.CancelledError):
            return  # nothing awaits the task, so that the end of the server is an end like the others
        except Exception:  # the connection ends, and the log has the reason
            log.exception("a question over TCP failed inside")
        finally:
            self._open.discard(task)
            writer.close()

    async def close(self) -> None:
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


@asynccontextmanager
async def serving(engine: Engine, host: str, port: int, cloud: str = DEFAULT) -> AsyncIterator[int]:
    """Answer UDP and TCP at one port until the block ends; yields the port. Raises OSError for a port in use."""
    server = NameServer(engine, cloud)
    connections = _Connections(server)
    listener = await asyncio.start_server(connections.serve, host, port, limit=QUERY_BYTES_MAX)
    try:
        bound = int(listener.sockets[0].getsockname()[1])
        loop = asyncio.get_running_loop()
        _, datagrams = await loop.create_datagram_endpoint(lambda: _Datagrams(server), local_addr=(host, bound))
        try:
            yield bound
        finally:
            await datagrams.close()
    finally:
        listener.close()
        await connections.close()

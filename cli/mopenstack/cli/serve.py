"""Put a cloud together and serve it: store, engine, gateway, gRPC, in one event loop."""

from __future__ import annotations

import gc
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from aiohttp import web

from mopenstack.cli.kept_services import contract_of, keep
from mopenstack.cli.tls import Tls
from mopenstack.contract.admin_access import AdminAccess, listens_wide
from mopenstack.contract.contract import Contract, contract
from mopenstack.contract.service import named
from mopenstack.core.assembly import assemble
from mopenstack.core.engine.administration import Administration
from mopenstack.core.engine.clouds import DEFAULT, Profile
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.journal import JournalSettings, Mode
from mopenstack.core.engine.late_server import LateServer
from mopenstack.core.engine.regions import check_same
from mopenstack.core.store import Store
from mopenstack.core.store.blobs import Blobs, FolderBlobs, MemoryBlobs
from mopenstack.core.store.master_key import MasterKey
from mopenstack.gateway import http_server
from mopenstack.gateway.admin_guard import AdminGuard
from mopenstack.gateway.app import App
from mopenstack.gateway.observed import Observed
from mopenstack.gateway.render import Renderer
from mopenstack.gateway.requestlog import RequestLog

if TYPE_CHECKING:
    import grpc

    from mopenstack.cli.beside import Beside
    from mopenstack.cli.tracing import OpenTelemetryTraces
    from mopenstack.cli.worker import Worker

COLLECT_AFTER = 10_000
"""Objects that may be made before the collector looks at the young ones; Python's 700 is less than a list needs."""


@dataclass(slots=True)
class Settings:
    """What `mopenstack up` was asked for."""

    host: str = "127.0.0.1"
    port: int = 8800
    data: Path | None = None
    store: str | None = None
    store_wait: float = Store.wait_seconds
    """How long a call waits for a database that cannot be reached, in seconds."""
    seed: Path | None = None
    profile: Profile = "instant"
    snapshot: Path | None = None
    """A file of a snapshot that the default cloud begins with, instead of what the store or the seed has."""
    classic_ports: bool = False
    service_ports: dict[str, int] = field(default_factory=dict)
    """Catalog type -> a port of that API's own; 0: a free one."""
    grpc_port: int = 0
    dns_port: int | None = None
    """Where the zones of the default cloud are served, over UDP and TCP; None: nowhere."""
    check_answers: bool = False
    check_kept: bool = False
    """Kept answers are not given but compared with those that are made instead."""
    requests: IO[str] | None = None
    """Where a line is written for each request."""
    log_json: bool = False
    """Whether those lines are JSON."""
    traces: bool = False
    """Whether calls are traced by OpenTelemetry."""
    journal: Mode = "calls"
    """What the journals of clouds keep that say nothing of their own."""
    options: dict[str, str] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    """The regions of clouds for which none are named; none: RegionOne."""
    tls: Tls | None = None
    services: tuple[str, ...] | None = None
    """Those that are served, with all that they need; None: every installed one."""
    admin_token: str = ""
    """What callers of the admin API must show; needed where the host is more than this machine."""
    admin_hosts: tuple[str, ...] = ()
    """Host names by which it may be called, beside those of the certificate."""
    beside: Beside | None = None
    """The real Keystone that says who calls, if one does."""
    behind_proxy: bool = False
    """Whether X-Forwarded-Proto is believed: a proxy in front speaks HTTPS."""
    worker: Worker | None = None
    """Which of several processes that share the ports this is, if it is one of several."""

    @property
    def contract(self) -> Contract:
        """What the services declare; raises UnknownService."""
        return contract_of(self.services) if self.beside is None else self.beside.contract

    @property
    def guard(self) -> AdminGuard:
        """What keeps others away from the admin API."""
        return AdminGuard(self.access(self.host), (*self.admin_hosts, *(self.tls.names if self.tls else ())))

    def access(self, address: str) -> AdminAccess:
        """Who is served by the admin API of a process that listens at an address."""
        return AdminAccess(self.admin_token, closed=not self.admin_token and listens_wide(address))


SHARED = Path.home() / ".local/state/mopenstack/blobs"
"""Where processes that share a PostgreSQL keep bytes, and their master key."""


@dataclass(slots=True)
class Serving:
    """A cloud that answers."""

    url: str
    grpc: str
    engine: Engine
    administration: Administration
    app: App
    ports: dict[str, int]
    """Catalog type -> the port that its API has for itself."""
    dns: str = ""
    """Address and port of the name server, if there is one."""


def make_store(settings: Settings) -> tuple[Store, Blobs]:
    """The store and the bytes' place that the settings name."""
    if settings.store:
        store = settings.worker.store(settings.store) if settings.worker else _shared_store(settings.store)
        store.wait_seconds = settings.store_wait
        return store, FolderBlobs(settings.data or SHARED, shared=True)
    if settings.data is None:
        from mopenstack.core.store.memory import MemoryStore

        return MemoryStore(), MemoryBlobs()
    from mopenstack.core.store.sqlite import SqliteStore

    return SqliteStore(settings.data), FolderBlobs(settings.data / "blobs")


def _shared_store(url: str) -> Store:
    if url.startswith("cockroachdb://"):
        from mopenstack.core.store.cockroach import CockroachStore

        return CockroachStore(url)
    from mopenstack.core.store.postgres import PostgresStore

    return PostgresStore(url)


async def open_clouds(settings: Settings) -> Administration:
    """An open engine with its default cloud, and the administration of its clouds."""
    store, blobs = make_store(settings)
    folder = (settings.data or SHARED) if settings.store else settings.data
    if settings.beside is not None:
        administration = settings.beside.assemble(store, blobs, settings.seed, MasterKey(folder))
    else:
        administration = assemble(settings.contract, store, blobs, settings.seed, MasterKey(folder), keep=True)
        keep(administration.engine.registry)
    engine = administration.engine
    engine.calls.default = JournalSettings(settings.journal)
    await engine.open()
    administration.regions = settings.regions
    if DEFAULT in engine.clouds:
        check_same(engine.clouds[DEFAULT], settings.regions)
    if DEFAULT not in engine.clouds:
        await administration.create_cloud(DEFAULT, settings.profile, options=settings.options)
    elif settings.options:
        await administration.set_options(engine.clouds[DEFAULT], settings.options)
    if settings.snapshot is not None:
        from mopenstack.core.engine.snapshot_files import load_file

        await load_file(engine, DEFAULT, settings.snapshot)
    return administration


@asynccontextmanager
async def _name_server(engine: Engine, settings: Settings) -> AsyncIterator[str]:
    """The name server, where the settings ask for one; yields its address."""
    face = next((service.face for service in settings.contract.services if service.face), "")
    if settings.dns_port is None or not face:
        yield ""
        return
    async with named(face)(engine, settings.host, settings.dns_port) as port:
        yield f"{settings.host}:{port}"


def _traces(settings: Settings) -> OpenTelemetryTraces | None:
    if not settings.traces:
        return None
    from mopenstack.cli.tracing import OpenTelemetryTraces

    return OpenTelemetryTraces()


def _renderer(settings: Settings, engine: Engine) -> Renderer | None:
    if not settings.check_answers:
        return None
    from mopenstack.gateway.answers.checker import CheckedRenderer

    return CheckedRenderer(engine, settings.contract)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Serving]:
    """Serve until the block ends; raises OSError for a port in use."""
    tls = settings.tls.context() if settings.tls else None
    traces = _traces(settings)
    administration = await open_clouds(settings)
    engine = administration.engine
    engine.admin_access = settings.access(settings.host)
    log = RequestLog(settings.requests, as_json=settings.log_json)
    engine.calls.traces = traces
    observed = Observed(engine, log, traces)
    app = App(
        engine,
        settings.contract,
        observed,
        renderer=_renderer(settings, engine),
        guard=settings.guard,
        check_kept=settings.check_kept,
    )
    runners: list[web.ServerRunner] = []
    stack = AsyncExitStack()
    try:
        port = await listen(app, settings, settings.port, runners, tls)
        engine.address, engine.trust = _near(settings, port)
        grpc_port = await stack.enter_async_context(_grpc(engine, settings))
        ports = {}
        for service, wanted in _own_ports(settings).items():
            one = App(engine, settings.contract, None, service, app, port)
            ports[service] = await listen(one, settings, wanted, runners, tls)
        dns = await stack.enter_async_context(_name_server(engine, settings))
        _settle(engine)
        url = f"https://{settings.tls.host(settings.host)}" if settings.tls else f"http://{settings.host}"
        yield Serving(f"{url}:{port}", f"{settings.host}:{grpc_port}", engine, administration, app, ports, dns)
    finally:
        for runner in runners:
            await runner.cleanup()
        await stack.aclose()
        log.flush()
        if traces is not None:
            await traces.close()
        await engine.close()


@asynccontextmanager
async def serving_core(settings: Settings, address: str) -> AsyncIterator[str]:
    """Serve the core alone over gRPC; yields the address."""
    engine = (await open_clouds(settings)).engine
    engine.admin_access = settings.access(address if address.startswith("unix:") else address.rpartition(":")[0])
    from mopenstack.core.engine.server import create_server

    server = create_server(engine)
    try:
        port = server.add_insecure_port(address)
        await server.start()
        _settle()
        yield address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"
    finally:
        await server.stop(http_server.SHUTDOWN_SECONDS)
        await engine.close()


@asynccontextmanager
async def serving_gateway(core: str, settings: Settings) -> AsyncIterator[str]:
    """Serve the gateway alone, in front of a core at an address; yields its URL."""
    from mopenstack.gateway.remote import RemoteCore

    served = contract(settings.services)
    remote = RemoteCore(core, served)
    runners: list[web.ServerRunner] = []
    try:
        bound = await listen(App(remote, served, guard=settings.guard), settings, settings.port, runners)
        _settle()
        yield f"http://{settings.host}:{bound}"
    finally:
        for runner in runners:
            await runner.cleanup()
        await remote.close()


def _near(settings: Settings, port: int) -> tuple[str, str | bool]:
    """The address by which the process reaches itself, and what it trusts there."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104  # it is not bound
    if settings.tls is None:
        return f"http://{host}:{port}", True
    return f"https://{settings.tls.host(host)}:{port}", str(settings.tls.ca or settings.tls.cert)


def _own_ports(settings: Settings) -> dict[str, int]:
    """Catalog type -> the port that its API shall have for itself."""
    classic = {api.type: api.classic_port for api in settings.contract.apis.values() if api.classic_port}
    return {**(classic if settings.classic_ports else {}), **settings.service_ports}


@asynccontextmanager
async def _grpc(engine: Engine, settings: Settings) -> AsyncIterator[int]:
    """gRPC, until the block ends; yields its port.

    At any free port of this machine it is late: most clouds have no client that speaks it.
    """
    # Where several share a port, a client would be sent from one that is late to the next, and gives up.
    free = settings.grpc_port == 0 and settings.worker is None
    if free and settings.tls is None and settings.host.startswith("127."):
        late = LateServer(engine, settings.host)
        try:
            yield late.listen()
        finally:
            await late.stop(http_server.SHUTDOWN_SECONDS)
        return
    from mopenstack.core.engine.server import create_server

    server = create_server(engine, shares_port=settings.worker is not None)
    try:
        port = _add_grpc_port(server, settings)
        await server.start()
        yield port
    finally:
        await server.stop(http_server.SHUTDOWN_SECONDS)


def _add_grpc_port(server: grpc.aio.Server, settings: Settings) -> int:
    import grpc

    address = f"{settings.host}:{settings.grpc_port}"
    if settings.tls is None:
        return server.add_insecure_port(address)
    pair = (settings.tls.key.read_bytes(), settings.tls.cert.read_bytes())
    return server.add_secure_port(address, grpc.ssl_server_credentials([pair]))


def _settle(engine: Engine | None = None) -> None:
    """What start-up made (descriptors, plans, seed) lives as long as the process: keep the collector away from it.

    So do the services that are loaded later.
    """
    if engine is not None:
        engine.registry.on_load = gc.freeze
    gc.freeze()
    gc.enable()
    gc.set_threshold(COLLECT_AFTER)


async def listen(
    app: App, settings: Settings, port: int, runners: list[web.ServerRunner], tls: ssl.SSLContext | None = None
) -> int:
    """Serve an app at a port, with a runner that is added to `runners`; the port."""
    runner = http_server.runner(app, settings.behind_proxy)
    await runner.setup()
    runners.append(runner)
    site = web.TCPSite(runner, settings.host, port, ssl_context=tls, backlog=1024, reuse_port=bool(settings.worker))
    await site.start()
    address: tuple[str, int] = runner.addresses[-1]
    return int(address[1])

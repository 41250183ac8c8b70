"""Put a cloud together and serve it: store, engine, gateway, gRPC, in one event loop."""

from __future__ import annotations

import gc
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import grpc
from aiohttp import web

from mopenstack.cli.tls import Tls
from mopenstack.contract.contract import Contract, contract
from mopenstack.core.assembly import assemble
from mopenstack.core.engine.administration import Administration
from mopenstack.core.engine.clouds import DEFAULT, Profile
from mopenstack.core.engine.engine import Engine
from mopenstack.core.engine.server import create_server
from mopenstack.core.store import Store
from mopenstack.core.store.blobs import Blobs, FolderBlobs, MemoryBlobs
from mopenstack.gateway import http_server
from mopenstack.gateway.app import App
from mopenstack.gateway.remote import RemoteCore
from mopenstack.gateway.render import Renderer
from mopenstack.gateway.requestlog import RequestLog

COLLECT_AFTER = 10_000
"""Objects that may be made before the collector looks at the young ones; Python's 700 is less than a list needs."""


@dataclass(slots=True)
class Settings:
    """What `mopenstack up` was asked for."""

    host: str = "127.0.0.1"
    port: int = 8800
    data: Path | None = None
    store: str | None = None
    seed: Path | None = None
    profile: Profile = "instant"
    classic_ports: bool = False
    grpc_port: int = 0
    check_answers: bool = False
    requests: IO[str] | None = None
    options: dict[str, str] = field(default_factory=dict)
    tls: Tls | None = None
    services: tuple[str, ...] | None = None
    """Those that are served, with all that they need; None: every installed one."""

    @property
    def contract(self) -> Contract:
        """What the services declare; raises UnknownService."""
        return contract(self.services)


@dataclass(slots=True)
class Serving:
    """A cloud that answers."""

    url: str
    grpc: str
    engine: Engine
    administration: Administration
    app: App


def make_store(settings: Settings) -> tuple[Store, Blobs]:
    """The store and the bytes' place that the settings name."""
    if settings.store:
        from mopenstack.core.store.postgres import PostgresStore

        folder = settings.data or Path.home() / ".local/state/mopenstack/blobs"
        return PostgresStore(settings.store), FolderBlobs(folder, shared=True)
    from mopenstack.core.store.sqlite import SqliteStore

    if settings.data is None:
        return SqliteStore(), MemoryBlobs()
    return SqliteStore(settings.data), FolderBlobs(settings.data / "blobs")


async def open_clouds(settings: Settings) -> Administration:
    """An open engine with its default cloud, and the administration of its clouds."""
    store, blobs = make_store(settings)
    administration = assemble(settings.contract, store, blobs, settings.seed)
    engine = administration.engine
    await engine.open()
    if DEFAULT not in engine.clouds:
        await administration.create_cloud(DEFAULT, settings.profile, options=settings.options)
    elif settings.options:
        await administration.set_options(engine.clouds[DEFAULT], settings.options)
    return administration


def _renderer(settings: Settings, engine: Engine) -> Renderer | None:
    if not settings.check_answers:
        return None
    from mopenstack.gateway.answers.checker import CheckedRenderer

    return CheckedRenderer(engine, settings.contract)


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Serving]:
    """Serve until the block ends; raises OSError for a port in use."""
    tls = settings.tls.context() if settings.tls else None
    administration = await open_clouds(settings)
    engine = administration.engine
    grpc_server = create_server(engine)
    app = App(engine, settings.contract, RequestLog(settings.requests), renderer=_renderer(settings, engine))
    runners: list[web.ServerRunner] = []
    try:
        port = await _listen(app, settings.host, settings.port, runners, tls)
        grpc_port = _add_grpc_port(grpc_server, settings)
        await grpc_server.start()
        if settings.classic_ports:
            for api in settings.contract.apis.values():
                if api.classic_port:
                    one = App(engine, settings.contract, app.requests, api.type, app, port)
                    await _listen(one, settings.host, api.classic_port, runners, tls)
        _settle()
        url = f"https://{settings.tls.host(settings.host)}" if settings.tls else f"http://{settings.host}"
        yield Serving(f"{url}:{port}", f"{settings.host}:{grpc_port}", engine, administration, app)
    finally:
        for runner in runners:
            await runner.cleanup()
        await grpc_server.stop(http_server.SHUTDOWN_SECONDS)
        app.requests.flush()
        await engine.close()


@asynccontextmanager
async def serving_core(settings: Settings, address: str) -> AsyncIterator[str]:
    """Serve the core alone over gRPC; yields the address."""
    engine = (await open_clouds(settings)).engine
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
async def serving_gateway(
    core: str, host: str, port: int, services: tuple[str, ...] | None = None
) -> AsyncIterator[str]:
    """Serve the gateway alone, in front of a core at an address; yields its URL."""
    served = contract(services)
    remote = RemoteCore(core, served)
    runners: list[web.ServerRunner] = []
    try:
        bound = await _listen(App(remote, served), host, port, runners)
        _settle()
        yield f"http://{host}:{bound}"
    finally:
        for runner in runners:
            await runner.cleanup()
        await remote.close()


def _add_grpc_port(server: grpc.aio.Server, settings: Settings) -> int:
    address = f"{settings.host}:{settings.grpc_port}"
    if settings.tls is None:
        return server.add_insecure_port(address)
    pair = (settings.tls.key.read_bytes(), settings.tls.cert.read_bytes())
    return server.add_secure_port(address, grpc.ssl_server_credentials([pair]))


def _settle() -> None:
    """What start-up made (descriptors, plans, seed) lives as long as the process: keep the collector away from it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


async def _listen(
    app: App, host: str, port: int, runners: list[web.ServerRunner], tls: ssl.SSLContext | None = None
) -> int:
    runner = http_server.runner(app)
    await runner.setup()
    runners.append(runner)
    site = web.TCPSite(runner, host, port, ssl_context=tls, backlog=1024)
    await site.start()
    address: tuple[str, int] = runner.addresses[-1]
    return int(address[1])

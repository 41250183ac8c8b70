"""`mopenstack up`, `status` and `stop`; `core` and `gateway` for a cloud split over processes."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mopenstack.cli import client, state
from mopenstack.cli.output import fail, good, say

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 10


class Profile(StrEnum):
    instant = "instant"
    realistic = "realistic"
    manual = "manual"


Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of all services; 0: a free one.")]
Data = Annotated[Path | None, typer.Option(file_okay=False, help="Keep the state in this folder (SQLite).")]
STORE_VARIABLE = "MOPENSTACK_STORE"
StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar=STORE_VARIABLE,
        help="Keep the state in this database: postgresql://... (as a variable its password is in no process list).",
    ),
]
Seed = Annotated[Path | None, typer.Option(exists=True, help="What fresh clouds hold: a YAML file or a folder.")]
ProfileOption = Annotated[Profile, typer.Option(help="How long transitions take.")]
CheckAnswers = Annotated[
    bool,
    typer.Option("--check-answers", help="Hold each answer against the published schemas; `mopenstack answers` tells."),
]
TlsCert = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Speak HTTPS: the server's certificate (PEM, with its chain)."),
]
TlsKey = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The certificate's key (PEM).")]
TlsClientCa = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Clients may show certificates that this CA (PEM) signed."),
]
OptionsOption = Annotated[
    list[str], typer.Option("--set", help="NAME=VALUE: an option of the cloud; `mopenstack cloud options` lists them.")
]
ServicesOption = Annotated[
    str | None,
    typer.Option(
        "--services",
        help="Serve only these and what they need (identity,network ...); `mopenstack services` lists them.",
    ),
]
GrpcPort = Annotated[int, typer.Option(min=0, max=65535, help="Port of gRPC; 0: a free one.")]


def up(
    detach: Annotated[
        bool, typer.Option("--detach", help="Run in the background; returns when the cloud answers.")
    ] = False,
    host: Host = "127.0.0.1",
    port: Port = 8800,
    data: Data = None,
    store: StoreUrl = None,
    seed: Seed = None,
    profile: ProfileOption = Profile.instant,
    classic_ports: Annotated[
        bool, typer.Option("--classic-ports", help="Also listen on 5000, 8774, 8776, 9292, 9696 ...")
    ] = False,
    grpc_port: GrpcPort = 0,
    log: Annotated[bool, typer.Option(help="Print a line for each request.")] = False,
    check_answers: CheckAnswers = False,
    options: OptionsOption = [],  # noqa: B006  # typer copies it
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_client_ca: TlsClientCa = None,
    services: ServicesOption = None,
) -> None:
    """Start a cloud."""
    if (already := state.read()) is not None:
        raise fail(
            f"A cloud is running already at {already.url} (pid {already.pid}).",
            "Stop it with `mopenstack stop`, or set XDG_STATE_HOME to run another beside it.",
        )
    if store is not None and not store.startswith(("postgresql://", "postgres://")):
        raise fail(f"--store takes a postgresql:// URL, not {store!r}. For SQLite use --data DIR.")
    if detach:
        _detach(store)
        return
    from mopenstack.cli.serve import Settings

    settings = Settings(
        host=host,
        port=port,
        data=data,
        store=store,
        seed=seed,
        profile=profile.value,
        classic_ports=classic_ports,
        grpc_port=grpc_port,
        requests=sys.stderr if log else None,
        check_answers=check_answers,
        options=_options(options),
        tls=_tls(tls_cert, tls_key, tls_client_ca),
        services=_services(services),
    )
    _run(_serve(settings), port)


def _tls(cert: Path | None, key: Path | None, client_ca: Path | None) -> Any:
    if cert is None and key is None:
        if client_ca is not None:
            raise fail("--tls-client-ca says whose clients to trust: it needs --tls-cert and --tls-key.")
        return None
    if cert is None or key is None:
        raise fail("A certificate and its key belong together: give both --tls-cert and --tls-key.")
    from mopenstack.cli.tls import BadCertificate, Tls

    tls = Tls(cert, key, client_ca)
    try:
        tls.context()
    except BadCertificate as error:
        raise fail(f"{error}.") from None
    return tls


def _services(names: str | None) -> tuple[str, ...] | None:
    """The named services; None for all that are installed."""
    from mopenstack.contract.service import UnknownService, chosen

    if names is None:
        return None
    found = tuple(name.strip() for name in names.split(",") if name.strip())
    try:
        chosen(found)
    except UnknownService as error:
        raise fail(str(error)) from None
    return found


def services() -> None:
    """List the installed services and what each needs."""
    from mopenstack.contract.service import installed

    for name, service in sorted(installed().items()):
        if not service.always:
            needs = f"needs {', '.join(service.needs)}" if service.needs else ""
            say(f"{name:12} {service.contract:28} {needs}".rstrip())


def _options(settings: list[str]) -> dict[str, str]:
    from mopenstack.core.engine.options import BadOption, parsed

    try:
        return parsed(settings)
    except BadOption as error:
        raise fail(error.text) from None


async def _serve(settings: Any) -> None:
    with state.claimed():
        await _serve_claimed(settings)


async def _serve_claimed(settings: Any) -> None:
    from mopenstack.cli.serve import serving

    async with serving(settings) as cloud:
        running = state.Running(os.getpid(), cloud.url, cloud.grpc, cloud.engine.store.url, started=state.started())
        if settings.tls:
            near = f"https://{settings.host}:{cloud.url.rpartition(':')[2]}"
            cert = str(settings.tls.cert.absolute())
            running = dataclasses.replace(running, cert=cert, admin=near, ca=settings.tls.ca)
        state.write(running)
        try:
            say(f"{good('mopenstack is up')} at {cloud.url}  (auth URL {cloud.url}/identity/v3, gRPC {cloud.grpc})")
            sys.stdout.flush()
            await _until_stopped()
        finally:
            state.clear(os.getpid())


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()


def _run(main: Any, port: int) -> None:
    """Run a server until it is stopped; what cannot start says why."""
    import uvloop

    from mopenstack.core.engine.options import BadOption, UnknownOption
    from mopenstack.core.seed import BadSeed
    from mopenstack.core.store.base import UnusableDatabase
    from mopenstack.core.store.sqlite import DataFolderInUse
    from mopenstack.gateway.answers.published import NoChecker

    try:
        uvloop.run(main)
    except (DataFolderInUse, UnusableDatabase, state.AlreadyRunning) as error:
        raise fail(str(error)) from None
    except NoChecker as error:
        raise fail(str(error)) from None
    except (BadOption, UnknownOption) as error:
        raise fail(error.text) from None
    except BadSeed as error:
        raise fail(f"The seed cannot be applied: {error}") from None
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise fail("PostgreSQL needs its driver: pip install 'mopenstack[postgres]'") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise fail(
                f"{error.strerror or error}.", "Choose another port with --port, or --port 0 for a free one."
            ) from None
        raise fail(str(error)) from None


def _detach(store: str | None) -> None:
    """Start this very command again in the background, and wait until the cloud answers."""
    state.folder().mkdir(parents=True, exist_ok=True)
    arguments = _without_store([argument for argument in sys.argv[1:] if argument != "--detach"])
    environment = os.environ if store is None else {**os.environ, STORE_VARIABLE: store}
    with state.log_file().open("w") as log:
        # The command is this interpreter with this program's own arguments.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", "mopenstack.cli.main", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        found = state.read()
        if found is not None and found.pid == process.pid:
            client.ask("GET", "/status")
            say(f"{good('mopenstack is up')} at {found.url}  (pid {found.pid}, auth URL {found.url}/identity/v3)")
            return
        if process.poll() is not None:
            typer.echo(state.log_file().read_text().strip(), err=True)
            raise typer.Exit(process.returncode or 1)
        time.sleep(0.02)
    process.kill()
    raise fail(f"The cloud did not answer within {START_SECONDS_MAX} s; see {state.log_file()}")


def _without_store(arguments: list[str]) -> list[str]:
    """The arguments without `--store URL`: a password in it would stand in the process list."""
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if not skip and argument != "--store" and not argument.startswith("--store="):
            kept.append(argument)
        skip = argument == "--store"
    return kept


def status(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Say what is running."""
    found = client.running()
    shown = client.ask("GET", "/status")
    document: dict[str, Any] = {
        "url": found.url,
        "auth_url": f"{found.url}/identity/v3",
        "grpc": found.grpc,
        "pid": found.pid,
        "rss_bytes": shown["rss_bytes"],
        "store": shown["store"],
        "clouds": shown["clouds"],
    }
    if found.cert:
        document["cert"], document["cacert"] = found.cert, found.ca
    if as_json:
        say(json.dumps(document))
        return
    for key, value in document.items():
        text = ", ".join(value) if isinstance(value, list) else value
        say(f"{key:10} {f'{value / 1e6:.0f} MB' if key == 'rss_bytes' else text}")


def answers(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Say which answers were not as the services publish them (of `up --check-answers`)."""
    report = client.ask("GET", "/answers")
    if as_json:
        say(json.dumps(report))
    else:
        for violation in report["violations"]:
            say(violation)
        unpublished = sum(report["unpublished"].values())
        say(
            f"{report['checked']} answers of {report['operations_checked']} operations checked; {unpublished} of "
            f"{len(report['unpublished'])} operations have no published schema; {len(report['violations'])} violations"
        )
        say(f"schemas: {', '.join(report['sources'])}")
    if report["violations"]:
        raise typer.Exit(1)


def stop() -> None:
    """Stop the cloud that runs."""
    found = client.running()
    os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while found.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    if found.alive:
        os.kill(found.pid, signal.SIGKILL)
    state.clear(found.pid)
    say("stopped")


def core(
    address: Annotated[str, typer.Option(help="host:port or unix:/path to serve gRPC on.")] = "127.0.0.1:8801",
    data: Data = None,
    store: StoreUrl = None,
    seed: Seed = None,
    profile: ProfileOption = Profile.instant,
    services: ServicesOption = None,
) -> None:
    """Serve only the core, over gRPC."""
    from mopenstack.cli.serve import Settings, serving_core

    settings = Settings(data=data, store=store, seed=seed, profile=profile.value, services=_services(services))

    async def main() -> None:
        async with serving_core(settings, address) as bound:
            say(f"{good('core')} at {bound}")
            sys.stdout.flush()
            await _until_stopped()

    _run(main(), 0)


def gateway(
    core_address: Annotated[str, typer.Option("--core", help="Where the core serves gRPC.")],
    host: Host = "127.0.0.1",
    port: Port = 8800,
    services: ServicesOption = None,
) -> None:
    """Serve only the gateway, in front of a core in another process."""
    from mopenstack.cli.serve import serving_gateway

    chosen = _services(services)

    async def main() -> None:
        async with serving_gateway(core_address, host, port, chosen) as url:
            say(f"{good('gateway')} at {url}, core at {core_address}")
            sys.stdout.flush()
            await _until_stopped()

    _run(main(), port)

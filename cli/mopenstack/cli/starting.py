"""What `mopenstack up` does, without the framework that reads its options: that costs as much as all the rest."""

from __future__ import annotations

import dataclasses
import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mopenstack.cli import admin_token, state
from mopenstack.cli.asked import START_SECONDS_MAX, Asked
from mopenstack.cli.other_process import until_stopped
from mopenstack.cli.output import ended, fail, good, say
from mopenstack.contract.admin_access import VARIABLE

if TYPE_CHECKING:
    from mopenstack.cli.hooks import Hooks
    from mopenstack.cli.worker import Worker

STORE_VARIABLE = "MOPENSTACK_STORE"
STORE_SCHEMES = ("postgresql://", "postgres://", "cockroachdb://")
CHECK_KEPT_VARIABLE = "MOPENSTACK_CHECK_KEPT"


def start(asked: Asked) -> None:
    """Start a cloud, here or in the background; ends the command where it cannot."""
    worker = _worker()
    if worker is None and (already := state.read()) is not None:
        raise fail(
            f"A cloud is running already at {already.url} (pid {already.pid}).",
            "Stop it with `mopenstack stop`, or set XDG_STATE_HOME to run another beside it.",
        )
    if asked.store is not None and not asked.store.startswith(STORE_SCHEMES):
        raise fail(
            f"--store takes a postgresql:// or cockroachdb:// URL, not {asked.store!r}. For SQLite use --data DIR."
        )
    if asked.workers is not None and worker is None:
        from mopenstack.cli.workers import check

        check(asked)
    secrets = secrets_of(asked.store, asked.admin, asked.service_password)
    if asked.reload:
        if asked.detach:
            raise fail("--reload is for a terminal: leave out --detach.")
        raise ended(_reload(asked.host, asked.port, asked.grpc_port, secrets))
    token = admin_token.chosen(asked.admin, asked.host)
    hooks = _hooks(asked.init, asked.init_limit)
    if asked.detach:
        _detach(secrets, START_SECONDS_MAX * (asked.workers or 1) + hooks.start_seconds)
        return
    admin_token.hide(secrets)
    if hooks.all:  # else gRPC writes a line for each process that one of them starts
        os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
    from mopenstack.cli.serve import Settings

    if asked.log_format == "json":
        from mopenstack.cli.logs import write_json

        write_json()
    chosen = services_of(asked.services)
    if asked.workers is not None and worker is None:
        from mopenstack.cli.workers import supervise

        supervise(asked, secrets, token, _ports(asked, chosen))
        return
    settings = Settings(
        host=asked.host,
        port=asked.port,
        data=asked.data,
        store=asked.store,
        store_wait=asked.store_wait,
        seed=_seed(asked.seed, asked.like),
        profile=asked.profile,
        snapshot=asked.snapshot,
        classic_ports=asked.classic_ports,
        service_ports=_ports(asked, chosen),
        grpc_port=asked.grpc_port,
        dns_port=asked.dns_port,
        requests=sys.stderr if asked.log or (asked.log is None and asked.log_format is not None) else None,
        log_json=asked.log_format == "json",
        traces=asked.traces,
        journal=asked.journal,
        check_answers=asked.check_answers,
        check_kept=asked.check_kept,
        options=_options([*asked.options, *of_release(asked.release)]),
        regions=tuple(asked.regions),
        tls=_tls(asked),
        services=chosen,
        admin_token=token,
        admin_hosts=tuple(asked.admin_hosts),
        beside=_beside(asked, chosen),
        behind_proxy=asked.behind_proxy,
    )
    if worker is None:
        run(_serve(settings, hooks, asked.until), asked.port)
    else:
        settings = worker.settings(settings)
        run(_serve_as(worker, settings), settings.port)


async def _serve_as(worker: Worker, settings: Any) -> None:
    from mopenstack.cli.serve import serving

    async with serving(settings) as cloud:
        worker.tell(url=cloud.url, grpc=cloud.grpc, store=cloud.engine.store.url, ports=cloud.ports, dns=cloud.dns)
        await until_stopped(worker.parent)


def _worker() -> Worker | None:
    """Which of several processes this is, if it is one of several."""
    if state.WORKER_VARIABLE not in os.environ:
        return None
    from mopenstack.cli.worker import worker_of

    return worker_of(os.environ)


def _ports(asked: Asked, services: tuple[str, ...] | None) -> dict[str, int]:
    if not asked.service_ports:
        return {}
    from mopenstack.cli.ports import read_ports

    return read_ports(asked.service_ports, services)


def _tls(asked: Asked) -> Any:
    if asked.tls_cert is asked.tls_key is asked.tls_client_ca is None:
        return None
    from mopenstack.cli.tls_options import chosen_tls

    return chosen_tls(asked.tls_cert, asked.tls_key, asked.tls_client_ca)


def _beside(asked: Asked, services: tuple[str, ...] | None) -> Any:
    if not (asked.identity or asked.service_user or asked.service_password_file):
        return None
    from mopenstack.cli.beside import beside_of

    return beside_of(asked, services)


def _seed(seed: Path | None, like: str | None) -> Path | None:
    """The seed of fresh clouds; None: the services' own."""
    if like is None:
        return seed
    from mopenstack.core.seed_files import BadSeed, like_file

    if seed is not None:
        raise fail("--seed and --like each say what a cloud holds: give one of them.")
    try:
        return like_file(like)
    except BadSeed as error:
        raise fail(f"The seed cannot be applied: {error}") from None


def secrets_of(store: str | None, admin: str | None, service: str | None = None) -> admin_token.Secrets:
    found = {"--store": (STORE_VARIABLE, store), "--admin-token": (VARIABLE, admin)}
    return {**found, "--service-password": (admin_token.SERVICE_PASSWORD_VARIABLE, service)}


def services_of(names: str | None) -> tuple[str, ...] | None:
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


def of_release(release: str | None) -> list[str]:
    """The setting of the option that `--release` stands for."""
    return [] if release is None else [f"cloud.release={release}"]


def _options(settings: list[str]) -> dict[str, str]:
    from mopenstack.core.engine.options import BadOption, parsed

    try:
        return parsed(settings)
    except BadOption as error:
        raise fail(error.text) from None


async def _serve(settings: Any, hooks: Hooks, until: int | None) -> None:
    with state.claimed(), hooks.workplace(settings):
        await hooks.boot()
        await _serve_claimed(settings, hooks, until)


async def _serve_claimed(settings: Any, hooks: Hooks, until: int | None) -> None:
    from mopenstack.cli.serve import serving

    async with serving(settings) as cloud:
        running = state.Running(os.getpid(), cloud.url, cloud.grpc, cloud.engine.store.url, started=state.started())
        scheme = cloud.url.partition("://")[0]
        own = {service: f"{scheme}://{settings.host}:{number}" for service, number in cloud.ports.items()}
        identity = "" if settings.beside is None else settings.beside.keystone.auth_url
        running = dataclasses.replace(running, ports=own, dns=cloud.dns, identity=identity)
        if settings.tls:
            near = f"https://{settings.host}:{cloud.url.rpartition(':')[2]}"
            cert = str(settings.tls.cert.absolute())
            running = dataclasses.replace(running, cert=cert, admin=near, ca=settings.tls.ca)
        admin_token.write(settings.admin_token)
        running = dataclasses.replace(running, stop_seconds=running.stop_seconds + hooks.stop_seconds)
        state.write(dataclasses.replace(running, ready=False))
        try:
            await hooks.start(cloud, running)
            state.write(running)
            names = f", DNS {cloud.dns}" if cloud.dns else ""
            if settings.beside is not None:
                from mopenstack.cli.beside import greet

                say(await greet(cloud.administration))
            auth_url = identity or f"{cloud.url}/identity/v3"
            ways = f"auth URL {auth_url}, gRPC {cloud.grpc}{names}"
            say(f"{good('mopenstack is up')} at {cloud.url}  ({ways})")
            if settings.admin_token:
                say(f"The admin API needs the token in {admin_token.file()}")
            sys.stdout.flush()
            async with hooks.around():
                await until_stopped(until)
        finally:
            admin_token.write("")
            state.clear(os.getpid())


def _hooks(folder: Path | None, limit: float) -> Hooks:
    from mopenstack.cli.hooks import BadHooks, Hooks

    try:
        return Hooks(folder, limit)
    except BadHooks as error:
        raise fail(str(error)) from None


def run(main: Any, port: int) -> None:
    """Run a server until it is stopped; what cannot start says why."""
    import uvloop

    from mopenstack.cli.hooks import HookFailed
    from mopenstack.cli.tracing import NoTracing
    from mopenstack.core.engine.options import BadOption, UnknownOption
    from mopenstack.core.engine.regions import BadRegions
    from mopenstack.core.seed_files import BadSeed
    from mopenstack.core.store.base import Unreachable, UnusableDatabase
    from mopenstack.core.store.sqlite import DataFolderInUse
    from mopenstack.gateway.answers.published import NoChecker

    try:
        uvloop.run(main)
    except (DataFolderInUse, UnusableDatabase, Unreachable, state.AlreadyRunning, HookFailed) as error:
        raise fail(str(error)) from None
    except (NoChecker, NoTracing) as error:
        raise fail(str(error)) from None
    except (BadOption, UnknownOption, BadRegions) as error:
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


def _reload(host: str, port: int, grpc_port: int, secrets: admin_token.Secrets) -> int:
    """This very command in a process that is started anew after changes, at the same ports."""
    from mopenstack.cli.reload import free_port, reload

    arguments, environment = admin_token.command(secrets, "--reload")
    ports = ["--port", str(port or free_port(host)), "--grpc-port", str(grpc_port or free_port(host))]
    return reload([*arguments, *ports], environment)


def _detach(secrets: admin_token.Secrets, seconds: float) -> None:
    """Start this very command again in the background, and wait until the cloud answers."""
    state.folder().mkdir(parents=True, exist_ok=True)
    arguments, environment = admin_token.command(secrets, "--detach")
    with state.log_file().open("w") as log:
        # The command is this interpreter with this program's own arguments.
        process = subprocess.Popen(  # noqa: S603
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = state.read()
        if found is not None and found.pid == process.pid and found.ready:
            from mopenstack.cli import client

            client.ask("GET", "/status")
            auth_url = found.identity or f"{found.url}/identity/v3"
            say(f"{good('mopenstack is up')} at {found.url}  (pid {found.pid}, auth URL {auth_url})")
            return
        if process.poll() is not None:
            if found is not None:  # the log is the other one's
                raise fail(f"A cloud is running already at {found.url} (pid {found.pid}).")
            print(state.log_file().read_text().strip(), file=sys.stderr)
            raise ended(process.returncode or 1)
        time.sleep(0.02)
    process.kill()
    raise fail(f"The cloud did not answer within {seconds:g} s; see {state.log_file()}")

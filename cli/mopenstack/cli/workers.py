"""`mopenstack up --workers N`: N whole processes at one port, on one PostgreSQL, and the one that looks after them.

That one answers no calls. It opens the ports, so that no other program gets them; has the database for the group, where
no other process uses it; starts the workers, the first one alone, since it makes what is missing; starts anew one that
ended; and ends them all.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import socket
import sys
import time
import uuid
from asyncio.subprocess import Process, create_subprocess_exec
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from mopenstack.cli import admin_token, state
from mopenstack.cli.asked import START_SECONDS_MAX, Asked
from mopenstack.cli.other_process import until_stopped
from mopenstack.cli.output import complain, fail, good, say
from mopenstack.cli.worker import Worker
from mopenstack.core.store.group.memory import GroupMemory, new_memory

if TYPE_CHECKING:
    from mopenstack.core.store.group.owner import Owner

WORKS_SECONDS = 10.0
"""A worker that ends sooner after its start has failed;"""
FAILURES_MAX = 3
"""after so many failures of one, one after the other, all of them end."""
AGAIN_SECONDS = 0.5
NOT_WITH = {
    "reload": "--reload",
    "init": "--init",
    "identity": "--identity",
}


class CannotServe(Exception):
    """The workers do not come up, or do not stay; says why."""


def check(asked: Asked) -> None:
    """End the command where workers cannot serve what is asked for."""
    if not (asked.store or "").startswith(("postgresql://", "postgres://")):
        raise fail("--workers needs --store postgresql://...: the processes have their state in one database.")
    for name, option in NOT_WITH.items():
        if getattr(asked, name):
            raise fail(f"--workers does not go with {option}.")


def supervise(asked: Asked, secrets: admin_token.Secrets, token: str, service_ports: dict[str, int]) -> None:
    """Serve by workers until the command is stopped; ends it where they cannot."""
    if token:
        secrets = {**secrets, "--admin-token": (secrets["--admin-token"][0], token)}
    try:
        with state.claimed():
            asyncio.run(_Workers(asked, secrets, token, service_ports).run())
    except (CannotServe, state.AlreadyRunning) as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(str(error), "Choose another port with --port, or --port 0 for a free one.") from None


class _Workers:
    def __init__(self, asked: Asked, secrets: admin_token.Secrets, token: str, service_ports: dict[str, int]) -> None:
        self._asked, self._token, self._service_ports = asked, token, service_ports
        assert asked.store is not None, "it was checked"
        self._url = asked.store
        self._command, self._environment = admin_token.command(secrets)
        self._processes: dict[int, Process] = {}
        self._running: state.Running | None = None
        self._ends = False
        self._descriptor = -1

    async def run(self) -> None:
        from mopenstack.core.store.group.owner import Owner

        owner = Owner(self._url)
        with ExitStack() as stack:
            plan = self._plan(stack)
            try:
                if await self._own(owner, stack):
                    plan = dataclasses.replace(plan, memory=self._descriptor)
                await self._serve(owner, plan)
            finally:
                await owner.close()
                admin_token.write("")
                state.clear(os.getpid())

    async def _own(self, owner: Owner, stack: ExitStack) -> bool:
        """Whether the group has the database for itself."""
        from mopenstack.core.store.base import Unreachable, UnusableDatabase

        try:
            alone = await owner.take()
        except (Unreachable, UnusableDatabase) as error:
            raise CannotServe(str(error)) from None
        if not alone:
            say("Other processes use this database: the workers ask it before each answer, as those do.")
            return False
        self._descriptor = new_memory()
        stack.callback(os.close, self._descriptor)
        owner.keep(GroupMemory(self._descriptor))
        return True

    def _plan(self, stack: ExitStack) -> Worker:
        """What all workers have in common: their ports are taken, so that no other program gets them."""
        asked = self._asked

        def taken(port: int) -> int:
            return _take_port(stack, asked.host, port)

        own = {service: taken(port) for service, port in self._service_ports.items()}
        return Worker(0, uuid.uuid4().hex[:12], -1, -1, os.getpid(), 0, taken(asked.port), taken(asked.grpc_port), own)

    async def _serve(self, owner: Owner, plan: Worker) -> None:
        assert self._asked.workers is not None, "it was checked"
        stopped = asyncio.create_task(until_stopped(self._asked.until))
        looked_after: list[asyncio.Task[None]] = []
        try:
            for number in range(self._asked.workers):
                ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
                task = asyncio.create_task(self._look_after(dataclasses.replace(plan, number=number), ready))
                looked_after.append(task)
                await asyncio.wait((ready, task, stopped), return_when=asyncio.FIRST_COMPLETED)
                if task.done() or stopped.done():
                    break
                if number == 0:
                    self._take_running(ready.result())
            else:
                self._say_up()
            await asyncio.wait((stopped, *looked_after), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._ends = True
            stopped.cancel()
            await self._end()
            failed = await asyncio.gather(*looked_after, return_exceptions=True)
        for error in failed:
            if isinstance(error, Exception):
                raise error

    async def _look_after(self, worker: Worker, ready: asyncio.Future[dict[str, Any]]) -> None:
        """Have a worker, and another in its place when it ends; raises CannotServe."""
        failures = 0
        while True:
            began = time.monotonic()
            told = await self._start(worker)
            if told is not None and not ready.done():
                ready.set_result(told)
            process = self._processes[worker.number]
            self._write_running()
            status = await process.wait()
            if self._ends:
                return
            if told is None and not ready.done():
                raise CannotServe(f"Worker {worker.number} did not come up.")
            failures = failures + 1 if time.monotonic() - began < WORKS_SECONDS else 0
            complain(f"Worker {worker.number} (pid {process.pid}) has ended with status {status}.")
            if failures >= FAILURES_MAX:
                raise CannotServe(f"Worker {worker.number} ends each time that it is started.")
            await asyncio.sleep(AGAIN_SECONDS * failures)
            if self._ends:
                return
            worker = dataclasses.replace(worker, starts=worker.starts + 1)

    async def _start(self, worker: Worker) -> dict[str, Any] | None:
        """Start a worker; what it told when it answered, None: it ended before."""
        reading, writing = os.pipe()
        environment = dict(self._environment)
        dataclasses.replace(worker, told=writing).write(environment)
        handed = (writing,) if worker.memory < 0 else (writing, worker.memory)
        try:
            # The command is this interpreter with this program's own arguments.
            process = await create_subprocess_exec(
                *self._command, env=environment, pass_fds=handed, stdin=asyncio.subprocess.DEVNULL
            )
        finally:
            os.close(writing)
        self._processes[worker.number] = process
        if self._ends:
            process.terminate()
        try:
            line = await asyncio.wait_for(_line(reading), START_SECONDS_MAX)
        except TimeoutError:
            process.kill()
            line = b""
        return None if not line else dict(_decoded(line))

    async def _end(self) -> None:
        """End all workers; one that does not end in time is killed."""
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        waiting = [asyncio.create_task(process.wait()) for process in self._processes.values()]
        if waiting:
            seconds = self._running.stop_seconds if self._running is not None else state.STOP_SECONDS
            _, late = await asyncio.wait(waiting, timeout=seconds - 2)
            for process in self._processes.values() if late else ():
                with suppress(ProcessLookupError):
                    process.kill()
            await asyncio.gather(*waiting)

    # -- what other commands know of it

    def _take_running(self, told: dict[str, Any]) -> None:
        asked, scheme = self._asked, told["url"].partition("://")[0]
        ports = {service: f"{scheme}://{asked.host}:{port}" for service, port in told["ports"].items()}
        running = state.Running(os.getpid(), told["url"], told["grpc"], told["store"], started=state.started())
        running = dataclasses.replace(running, ports=ports, dns=told["dns"], ready=False)
        if asked.tls_cert is not None:
            from mopenstack.cli.tls_options import chosen_tls

            tls = chosen_tls(asked.tls_cert, asked.tls_key, asked.tls_client_ca)
            near = f"https://{asked.host}:{told['url'].rpartition(':')[2]}"
            running = dataclasses.replace(running, cert=str(tls.cert.absolute()), admin=near, ca=tls.ca)
        self._running = running
        admin_token.write(self._token)
        self._write_running()

    def _write_running(self) -> None:
        if self._running is not None and not self._ends:
            pids = [process.pid for _, process in sorted(self._processes.items()) if process.returncode is None]
            self._running = dataclasses.replace(self._running, workers=pids)
            state.write(self._running)

    def _say_up(self) -> None:
        assert self._running is not None
        self._running = dataclasses.replace(self._running, ready=True)
        self._write_running()
        running = self._running
        names = f", DNS {running.dns}" if running.dns else ""
        ways = f"{len(running.workers)} workers, auth URL {running.url}/identity/v3, gRPC {running.grpc}{names}"
        say(f"{good('mopenstack is up')} at {running.url}  ({ways})")
        if self._token:
            say(f"The admin API needs the token in {admin_token.file()}")
        sys.stdout.flush()


def _take_port(stack: ExitStack, host: str, port: int) -> int:
    """Have a port, which those that share it (SO_REUSEPORT) may listen at; raises OSError where it is in use."""
    family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
    if port:
        with socket.socket(family, kind, protocol) as alone:  # one that others share would not be refused
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(address)
    kept = stack.enter_context(socket.socket(family, kind, protocol))
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    kept.bind(address)
    return int(kept.getsockname()[1])


async def _line(descriptor: int) -> bytes:
    """The line that a worker writes; empty where it ended before. Closes the descriptor."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb")
    )
    try:
        return await reader.readline()
    finally:
        transport.close()


def _decoded(line: bytes) -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads(line)
    return found

"""`mopenstack record` and `mopenstack compare`."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import ssl
import sys
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from mopenstack.cli import client
from mopenstack.cli.output import fail, good, say
from mopenstack.contract.addresses import cloud_path

CANNOT = 2
"""Exit status of a comparison that could not be made."""


def record(
    cloud: Annotated[str, typer.Option(help="The cloud of clouds.yaml.")],
    to: Annotated[Path, typer.Option(help="The file to write, which must not be there yet.")] = Path("recording.jsonl"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the proxy; 0: a free one.")] = 0,
) -> None:
    """Proxy a real cloud, and write down what clients and the cloud say to each other, without secrets."""
    from mopenstack.cli.real_clouds import auth_url_of, configured, trust_of

    config = configured(cloud)
    try:
        file = os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    except OSError as error:
        raise fail(f"{to}: {error.strerror}.", "Name another file with --to.") from None
    with file:
        try:
            asyncio.run(_record(auth_url_of(config), trust_of(config), port, to, file))
        except OSError as error:
            raise fail(f"{error.strerror or error}.", "Choose another port with --port.") from None


async def _record(auth_url: str, trust: ssl.SSLContext | bool, port: int, to: Path, file: IO[str]) -> None:
    from mopenstack.cli.other_process import until_stopped
    from mopenstack.cli.recording.proxy import proxying
    from mopenstack.cli.recording.redaction import Redactor

    redactor, count = Redactor(), 0

    def write(line: dict[str, Any]) -> None:
        nonlocal count
        file.write(redactor.line(line) + "\n")
        file.flush()
        count += 1

    async with proxying(auth_url, trust, port, write) as local:
        say(f"{good('recording')} {auth_url} to {to}")
        say(f"export OS_AUTH_URL={local}")
        sys.stdout.flush()
        await until_stopped()
    say(f"{count} exchanges in {to}")


def compare(
    recording: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `mopenstack record` wrote.")],
    cloud: Annotated[str, typer.Option(help="A cloud of the running process; a fresh one if left out.")] = "",
    seed: Annotated[
        Path | None, typer.Option(exists=True, help="What the fresh cloud holds: a YAML file or a folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Replay a recording, and say where mopenstack's answers differ in status, envelope, keys and types.

    Exit status: 0 nothing differs, 1 something does, 2 it could not be replayed.
    """
    from mopenstack.cli.recording.exchanges import BadRecording
    from mopenstack.cli.recording.replay import replay
    from mopenstack.cli.recording.report import document_of, table_of

    if cloud and seed:
        raise fail("--seed is for the fresh cloud that is made where --cloud is left out.")
    name = cloud or f"compare-{secrets.token_hex(4)}"
    if cloud:
        if cloud not in [one["name"] for one in client.ask("GET", "/clouds")["clouds"]]:
            raise fail(f"There is no cloud named {cloud}.")
    else:
        from mopenstack.cli.seeds import calls_of

        client.ask("POST", "/clouds", {"name": name, **({"seed_calls": calls_of(seed)} if seed else {})})
    try:
        found = client.running()
        report = asyncio.run(replay(recording, (found.admin or found.url) + cloud_path(name), client.context(found)))
    except BadRecording as error:
        fail(f"It cannot be replayed: {error}")
        raise typer.Exit(CANNOT) from None
    except OSError as error:
        fail(f"The cloud does not answer: {error}")
        raise typer.Exit(CANNOT) from None
    finally:
        if not cloud:
            client.ask("DELETE", f"/clouds/{name}")
    say(json.dumps(document_of(report)) if as_json else table_of(report))
    if report.differing:
        raise typer.Exit(1)

"""`mopenstack status`, `stop`, `answers` and `services`: what runs, its end, and what there is."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Annotated, Any

import typer

from mopenstack.cli import admin_token, client, state
from mopenstack.cli.output import say


def status(as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False) -> None:
    """Say what is running."""
    found = client.running()
    shown = client.ask("GET", "/status")
    document: dict[str, Any] = {
        "url": found.url,
        "auth_url": f"{found.url}/identity/v3",
        "grpc": found.grpc,
        "pid": found.pid,
        "rss_bytes": shown["rss_bytes"] if not found.workers else sum(map(state.rss_bytes, found.workers)),
        "store": shown["store"],
        "clouds": shown["clouds"],
    }
    if found.workers:
        document["workers"] = found.workers
    if found.ports:
        document["ports"] = found.ports
    if found.dns:
        document["dns"] = found.dns
    if admin_token.file().exists():
        document["admin_token"] = str(admin_token.file())
    if found.cert:
        document["cert"], document["cacert"] = found.cert, found.ca
    if as_json:
        say(json.dumps(document))
        return
    document |= {"ports": [f"{service} {url}" for service, url in found.ports.items()]} if found.ports else {}
    for key, value in document.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else value
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
            f"{len(report['unpublished'])} operations have no published schema; {report['kept']} kept answers "
            f"compared; {len(report['violations'])} violations"
        )
        say(f"schemas: {', '.join(report['sources'])}")
    if report["violations"]:
        raise typer.Exit(1)


def stop() -> None:
    """Stop the cloud that runs."""
    found = client.running()
    os.kill(found.pid, signal.SIGTERM)
    deadline = time.monotonic() + found.stop_seconds
    while found.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    if found.alive:
        os.kill(found.pid, signal.SIGKILL)
    state.clear(found.pid)
    say("stopped")


def services() -> None:
    """List the installed services and what each needs."""
    from mopenstack.contract.service import installed

    for name, service in sorted(installed().items()):
        if not service.always:
            needs = f"needs {', '.join(service.needs)}" if service.needs else ""
            say(f"{name:12} {service.contract:28} {needs}".rstrip())

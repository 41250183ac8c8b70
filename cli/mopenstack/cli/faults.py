"""`mopenstack fault`: calls that fail, are late, break off or are forgotten, and scenarios made of them."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from mopenstack.cli import client
from mopenstack.cli.output import fail, say

app = typer.Typer(help="Calls that fail, are late, break off or are forgotten.", no_args_is_help=True)


class Effect(StrEnum):
    error = "error"
    delay = "delay"
    drop = "drop"
    truncate = "truncate"
    false_negative = "false_negative"
    async_error = "async_error"
    stuck = "stuck"
    lost = "lost"


Cloud = Annotated[str, typer.Option(help="Name of the cloud.")]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
Id = Annotated[str, typer.Argument(help='As `fault list` shows it: "fault-1".')]


@app.command()
def add(
    operation: Annotated[str, typer.Argument(help="CreateVolume, Create*, mopenstack.volume.v3.Volumes.*")] = "",
    service: Annotated[str, typer.Option(help="volume, cinder, volumev3")] = "",
    methods: Annotated[list[str], typer.Option("--method", help="POST; may be given again.")] = [],  # noqa: B006
    path: Annotated[str, typer.Option(help="/v2.1/servers/*")] = "",
    project: Annotated[str, typer.Option(help="Id or name, as of --user and --resource; * stands for letters.")] = "",
    user: Annotated[str, typer.Option()] = "",
    resource: Annotated[str, typer.Option(help="What the call is about.")] = "",
    from_service: Annotated[str, typer.Option(help="Calls that this service makes, not those of clients.")] = "",
    region: Annotated[str, typer.Option(help="Only calls in this region of the cloud.")] = "",
    nth: Annotated[int | None, typer.Option(help="Only this one of the matching calls.")] = None,
    after: Annotated[int | None, typer.Option(help="So many matching calls pass at first.")] = None,
    times: Annotated[int | None, typer.Option(help="So often, then no more.")] = None,
    probability: Annotated[float | None, typer.Option(help="The share of the matching calls.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of chance: the same calls again.")] = None,
    until: Annotated[str | None, typer.Option(help="2030-01-01T00:00:00Z, by the cloud's clock.")] = None,
    effect: Annotated[Effect | None, typer.Option(help="What happens.", show_default="error, or delay")] = None,
    status: Annotated[int | None, typer.Option(help="Of an error; 500 if left out.")] = None,
    reason: Annotated[str, typer.Option(help="The error's name, where the service gives it one: OverQuota.")] = "",
    message: Annotated[str, typer.Option(help="Its text; the service's own if left out.")] = "",
    retry_after: Annotated[int | None, typer.Option(help="Seconds, in the header Retry-After.")] = None,
    proxy: Annotated[bool, typer.Option("--proxy", help="HAProxy's page instead of the service's answer.")] = False,
    delay: Annotated[float | None, typer.Option(help="Seconds.")] = None,
    jitter: Annotated[float | None, typer.Option(help="By how many seconds it may be more or less.")] = None,
    cloud: Cloud = "default",
) -> None:
    """Add a rule; prints its id."""
    given = {
        "operation": operation,
        "service": service,
        "methods": methods,
        "path": path,
        "project": project,
        "user": user,
        "resource": resource,
        "from_service": from_service,
        "region": region,
        "nth": nth,
        "after": after,
        "times": times,
        "probability": probability,
        "seed": seed,
        "until": until,
        "effect": effect.value if effect else None,
        "status": status,
        "reason": reason,
        "message": message,
        "retry_after": retry_after,
        "proxy": proxy or None,
        "delay": delay,
        "jitter": jitter,
    }
    rule = {name: value for name, value in given.items() if value not in (None, "", [])}
    if not rule:
        raise fail("That would fail every call of the cloud: name an operation, a service or an effect.")
    say(client.ask("POST", _faults(cloud), {"fault": rule})["fault"]["id"])


@app.command("list")
def list_(cloud: Cloud = "default", as_json: AsJson = False) -> None:
    """The rules of a cloud in the order in which they are asked, then those that have ended."""
    found = client.ask("GET", _faults(cloud))["faults"]
    if as_json:
        say(json.dumps(found))
        return
    for rule in found:
        hits = f"{rule['hits']} of {rule['matched']}" + (", ended" if rule["ended"] else "")
        say(f"{rule['id']:10} {rule['effect']:14} {hits:18} {_about(rule)}")


@app.command()
def show(id: Id, cloud: Cloud = "default") -> None:
    """A rule with all that it says, as JSON."""
    say(json.dumps(client.ask("GET", f"{_faults(cloud)}/{_quoted(id)}")["fault"], indent=2))


@app.command()
def rm(
    id: Annotated[str, typer.Argument(help="As `fault list` shows it.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="All rules of the cloud.")] = False,
    cloud: Cloud = "default",
) -> None:
    """Remove a rule, or all of them."""
    if bool(id) == all_:
        raise fail("Name a rule (`mopenstack fault list`), or say --all.")
    client.ask("DELETE", _faults(cloud) if all_ else f"{_faults(cloud)}/{_quoted(id)}")


@app.command()
def scenario(
    name: Annotated[str, typer.Argument(help="Left out: all that there are.")] = "",
    load: Annotated[int | None, typer.Option(min=0, max=100, help="How strongly; 50 if left out.")] = None,
    service: Annotated[str, typer.Option(help="The service that it is about, for scenarios about one.")] = "",
    seconds: Annotated[float | None, typer.Option(help="It ends so much later, by the cloud's clock.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of chance: the same calls again.")] = None,
    region: Annotated[str, typer.Option(help="The one region of the cloud in which it runs.")] = "",
    stop: Annotated[bool, typer.Option("--stop", help="End it.")] = False,
    cloud: Cloud = "default",
    as_json: AsJson = False,
) -> None:
    """Start a scenario, change its load or end it; without a name, list them."""
    path = f"/clouds/{_quoted(cloud)}/scenarios"
    if not name:
        found = client.ask("GET", path)["scenarios"]
        if as_json:
            say(json.dumps(found))
            return
        for one in found:
            say(f"{one['name']:24} {one['load'] or '':>3}  {one['description']}")
        return
    if stop:
        client.ask("DELETE", f"{path}/{_quoted(name)}")
        return
    given = {"load": load, "service": service or None, "region": region or None, "seconds": seconds, "seed": seed}
    body = {key: value for key, value in given.items() if value is not None}
    say(" ".join(client.ask("PUT", f"{path}/{_quoted(name)}", body)["scenario"]["faults"]))


def _faults(cloud: str) -> str:
    return f"/clouds/{_quoted(cloud)}/faults"


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _about(rule: dict[str, Any]) -> str:
    """Which calls a rule is about and what it does, in a line."""
    named = (
        "operation",
        "service",
        "methods",
        "path",
        "project",
        "user",
        "resource",
        "from_service",
        "region",
        "nth",
        "after",
    )
    said = ("times", "status", "reason", "delay", "scenario", "until")
    words = []
    for name in (*named, *said):
        value = rule.get(name)
        if value:
            words.append(f"{name}={','.join(value) if isinstance(value, list) else value}")
    if rule.get("probability", 1) < 1:
        words.append(f"probability={rule['probability']}")
    return " ".join(words)

"""`mopenstack requests`: the calls that a cloud answered, and what a script expects of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from mopenstack.cli import client
from mopenstack.cli.output import fail, say

app = typer.Typer(help="The calls that a cloud answered: its journal.")

CloudOption = Annotated[str, typer.Option("--cloud", help="Name of the cloud.")]
Operation = Annotated[str, typer.Option(help="CreateServer, its full name, or a whole service.")]
Status = Annotated[str, typer.Option(help="404, 4xx, 400-499, or the name of a gRPC status.")]
Project = Annotated[str, typer.Option(help="Name or id.")]
User = Annotated[str, typer.Option(help="Name or id.")]
Method = Annotated[str, typer.Option(help="GET, POST ...")]
Path_ = Annotated[str, typer.Option("--path", help="A part of the path.")]
Since = Annotated[str, typer.Option(help="So long ago (30s, 5m, 2h), or a time (RFC 3339).")]
After = Annotated[int, typer.Option(min=0, help="Only calls behind the one with this number.")]
Where = Annotated[
    list[str],
    typer.Option("--where", help="PATH=VALUE: a field of what was sent, as in server.name=web. Needs bodies."),
]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts: a JSON object a line.")]

LIMIT_MAX = 1000


@app.callback(invoke_without_command=True)
def requests(
    context: typer.Context,
    cloud: CloudOption = "default",
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with calls as they are answered.")] = False,
    operation: Operation = "",
    status: Status = "",
    project: Project = "",
    user: User = "",
    method: Method = "",
    path: Path_ = "",
    since: Since = "",
    after: After = 0,
    where: Where = [],  # noqa: B006  # typer copies it
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=LIMIT_MAX, help="The newest so many.")] = 100,
    as_json: AsJson = False,
    har: Annotated[Path | None, typer.Option(help="Write a HAR file instead (HTTP Archive); -: to the output.")] = None,
    curl: Annotated[bool, typer.Option(help="Print curl commands instead; they use the variable OS_TOKEN.")] = False,
) -> None:
    """Print the newest calls; without a subcommand."""
    if context.invoked_subcommand is not None:
        return
    filters = _filters(operation, status, project, user, method, path, since, after, where)
    if har is not None or curl:
        _export(cloud, filters, har, curl)
        return
    listed = client.ask("GET", _path(cloud, "/calls", {**filters, "limit": limit}))["calls"]
    for call in listed:
        _show(call, as_json)
    if follow:
        last = listed[-1]["id"] if listed else client.ask("GET", _path(cloud))["journal"]["last"]
        for line in client.lines(_path(cloud, "/follow", {**filters, "after": last})):
            if line.startswith("data: "):
                _show(json.loads(line.removeprefix("data: ")), as_json)


@app.command()
def show(
    number: Annotated[int, typer.Argument(help="As `requests` prints it.")], cloud: CloudOption = "default"
) -> None:
    """Print all that is known of one call, as JSON."""
    say(json.dumps(client.ask("GET", _path(cloud, f"/calls/{number}"))["call"], indent=2))


@app.command()
def keep(
    mode: Annotated[str | None, typer.Argument(help="off, calls, or bodies: with documents and headers.")] = None,
    cloud: CloudOption = "default",
    calls_max: Annotated[int | None, typer.Option(min=1, help="The newest so many.")] = None,
    bytes_max: Annotated[int | None, typer.Option(min=65536, help="And so many bytes of them.")] = None,
) -> None:
    """Say what the journal keeps from now on; prints what it keeps."""
    wanted = {"mode": mode, "calls_max": calls_max, "bytes_max": bytes_max}
    given = {name: value for name, value in wanted.items() if value is not None}
    answer = client.ask("PUT", _path(cloud), given) if given else client.ask("GET", _path(cloud))
    for name, value in answer["journal"].items():
        say(f"{name:10} {value}")


@app.command()
def clear(cloud: CloudOption = "default") -> None:
    """Forget the calls."""
    client.ask("DELETE", _path(cloud, "/calls"))


@app.command("assert")
def assert_(
    cloud: CloudOption = "default",
    operation: Operation = "",
    status: Status = "",
    project: Project = "",
    user: User = "",
    method: Method = "",
    path: Path_ = "",
    since: Since = "",
    after: After = 0,
    where: Where = [],  # noqa: B006  # typer copies it
    exactly: Annotated[int | None, typer.Option(min=0)] = None,
    at_least: Annotated[int | None, typer.Option(min=0)] = None,
    at_most: Annotated[int | None, typer.Option(min=0)] = None,
) -> None:
    """Count calls; ends with status 1, and says which there are, if there are not as many as expected."""
    filters = _filters(operation, status, project, user, method, path, since, after, where)
    bounds = {"exactly": exactly, "at_least": at_least, "at_most": at_most}
    given = {name: value for name, value in bounds.items() if value is not None}
    say(str(client.ask("POST", _path(cloud, "/assert"), {**filters, **given})["count"]))


def _filters(
    operation: str,
    status: str,
    project: str,
    user: str,
    method: str,
    path: str,
    since: str,
    after: int,
    where: list[str],
) -> dict[str, Any]:
    """Those that were given."""
    named = {
        "operation": operation,
        "status": status,
        "project": project,
        "user": user,
        "method": method,
        "path": path,
        "since": since,
        "after": after,
        "where": where,
    }
    return {name: value for name, value in named.items() if value}


def _path(cloud: str, rest: str = "", query: dict[str, Any] | None = None) -> str:
    path = f"/clouds/{cloud}/journal{rest}"
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def _export(cloud: str, filters: dict[str, Any], har: Path | None, curl: bool) -> None:
    if har is not None and curl:
        raise fail("--har and --curl are two ways of writing: give one of them.")
    address = _path(cloud, "/export", {**filters, "format": "curl" if curl else "har"})
    if har is None or str(har) == "-":
        for line in client.lines(address):
            say(line)
    else:
        client.receive(address, har)


def _show(call: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say(json.dumps(call))
        return
    what = f"{call['method']} {call['path']}" if call["method"] else call["path"]
    parts = [
        f"{call['id']:>5} {call['time'][11:23]} {call['status'] or call['code']} {what}",
        f"{call['milliseconds']:.1f} ms",
        call["operation"].rpartition(".")[2],
        f"{call['user_name']}@{call['project_name']}" if call["user_name"] else "",
        f"fault {call['fault']}" if call["fault"] else "",
        f"not read: {', '.join(call['unread_fields'])}" if call["unread_fields"] else "",
        f"in no schema: {', '.join(call['unknown_fields'])}" if call["unknown_fields"] else "",
    ]
    say("  ".join(part for part in parts if part))

"""`mopenstack resources`: what a cloud holds, of every service alike."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import quote, urlencode

import typer

from mopenstack.cli import client
from mopenstack.cli.output import say

app = typer.Typer(help="What a cloud holds, of every service alike.", no_args_is_help=True)

Cloud = Annotated[str, typer.Option(help="Name of the cloud.")]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]
Project = Annotated[str, typer.Option(help="Only those of this project (id).")]


@app.command()
def kinds(project: Project = "", cloud: Cloud = "default", as_json: AsJson = False) -> None:
    """The kinds of resources that the cloud has some of, with how many."""
    found = client.ask("GET", _path(cloud, project=project))["kinds"]
    if as_json:
        say(json.dumps(found))
        return
    for one in found:
        if int(one["count"]):
            say(f"{one['service']:<20} {one['kind']:<32} {one['count']}")


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(help="server, network ... (`resources kinds`).")],
    project: Project = "",
    search: Annotated[str, typer.Option(help="Only those whose name or id has this text.")] = "",
    state: Annotated[str, typer.Option(help="Only those in this state.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 1000,
    offset: Annotated[int, typer.Option(min=0, help="Behind so many.")] = 0,
    cloud: Cloud = "default",
    as_json: AsJson = False,
) -> None:
    """The resources of a kind, by name."""
    wanted: dict[str, str | int] = {
        "project": project,
        "search": search,
        "state": state,
        "limit": limit,
        "offset": offset,
    }
    found = client.ask("GET", _path(cloud, kind, **wanted))
    if as_json:
        say(json.dumps(found))
        return
    for one in found["resources"]:
        say("  ".join(filter(None, (one["id"], one["name"], one["state"], one["task"], one["project_name"]))))


@app.command()
def show(
    kind: Annotated[str, typer.Argument(help="server, network ... (`resources kinds`).")],
    id: Annotated[str, typer.Argument(help="Id of the resource.")],
    cloud: Cloud = "default",
) -> None:
    """One resource as JSON: what its service answers, its state, and what may follow."""
    say(json.dumps(client.ask("GET", _path(cloud, kind, id)), indent=2))


@app.command()
def quotas(
    project: Annotated[str, typer.Argument(help="Id of the project.")],
    cloud: Cloud = "default",
    as_json: AsJson = False,
) -> None:
    """What a project may have in each service, and what it uses."""
    found = client.ask("GET", f"/clouds/{quote(cloud, safe='')}/quotas/{quote(project, safe='')}")["quotas"]
    if as_json:
        say(json.dumps(found))
        return
    for one in found:
        limit = "no limit" if int(one["limit"]) < 0 else one["limit"]
        say(f"{one['service']:<20} {one['resource']:<32} {one['used']} of {limit}")


def _path(cloud: str, *parts: str, **query: str | int) -> str:
    path = "/".join(quote(part, safe="") for part in ("clouds", cloud, "resources", *parts))
    given = urlencode({key: value for key, value in query.items() if value not in ("", 0)})
    return f"/{path}?{given}" if given else f"/{path}"

"""`mopenstack snapshot`: what a cloud is at a moment, kept under a name or in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from mopenstack.cli import client
from mopenstack.cli.output import fail, say

app = typer.Typer(help="Keep what a cloud is, and bring it back.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The snapshot's name: lower-case letters, digits and dashes.")]
Cloud = Annotated[str, typer.Option(help="Name of the cloud.")]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]


@app.command()
def save(
    name: Name,
    cloud: Cloud = "default",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="In place of a snapshot of this name.")] = False,
    to: Annotated[Path | None, typer.Option(help="Write it into a file too.")] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="The file only names the bytes of images and objects.")
    ] = False,
) -> None:
    """Keep what a cloud is now."""
    body = {"name": name, "description": description, "replace": replace}
    client.ask("POST", f"/clouds/{cloud}/snapshots", body)
    if to is not None:
        export(name, to, reference)
    say(name)


@app.command()
def export(
    name: Name,
    to: Annotated[Path, typer.Argument(help="The file to write.")],
    reference: Annotated[bool, typer.Option("--reference", help="Only name the bytes.")] = False,
) -> None:
    """Write a snapshot into a file."""
    client.receive(f"/snapshots/{name}/file?bytes={'reference' if reference else 'include'}", to)


@app.command("import")
def import_(name: Name, file: Annotated[Path, typer.Argument(help="A file that `export` wrote.")]) -> None:
    """Take a snapshot from a file."""
    client.send(f"/snapshots/{name}/file", file)
    say(name)


@app.command()
def load(
    source: Annotated[str, typer.Argument(help="A snapshot, or a file of one.")], cloud: Cloud = "default"
) -> None:
    """Bring a cloud back to a snapshot; what it was before is gone."""
    name, file = source, Path(source)
    if "/" in source or file.suffix:
        name = "load-" + "".join(letter if letter.isalnum() else "-" for letter in file.stem.lower()).strip("-")[:50]
        client.send(f"/snapshots/{name}/file", file)
    try:
        client.ask("POST", f"/clouds/{cloud}/snapshots/{name}/load")
    finally:
        if name != source:
            client.ask("DELETE", f"/snapshots/{name}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """All snapshots."""
    found = client.ask("GET", "/snapshots")["snapshots"]
    if as_json:
        say(json.dumps(found))
        return
    for one in found:
        say(f"{one['name']:20} {one['cloud']:12} {one['created_at'][:19]}  {one.get('description', '')}".rstrip())


@app.command()
def show(name: Name) -> None:
    """What a snapshot holds, as JSON."""
    say(json.dumps(client.ask("GET", f"/snapshots/{name}")["snapshot"], indent=1))


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A snapshot, or cloud:NAME.")],
    after: Annotated[str, typer.Argument(help="The other; if left out, the cloud as it is now.")] = "cloud:default",
    as_json: AsJson = False,
) -> None:
    """What differs, by resource and field. The exit status is 1 where something does."""
    found = client.ask("GET", f"/diff?before={quote(before)}&after={quote(after)}")["differences"]
    if as_json:
        say(json.dumps(found))
    else:
        for one in found:
            say(f"{one['change']:8} {one['kind']} {one['id']} {one.get('name', '')}".rstrip())
            for field in one["fields"] if one["change"] == "changed" else ():
                say(f"         {field['name']}: {json.dumps(field['before'])} -> {json.dumps(field['after'])}")
    if found:
        raise typer.Exit(1)


@app.command()
def rm(name: Name) -> None:
    """Delete a snapshot; clouds that were made from it stay."""
    client.ask("DELETE", f"/snapshots/{name}")


def source_of(named: str) -> str:
    """What a user names as a snapshot or a cloud, as the API wants it."""
    if named in [one["name"] for one in client.ask("GET", "/snapshots")["snapshots"]]:
        return named
    if named in [one["name"] for one in client.ask("GET", "/clouds")["clouds"]]:
        return f"cloud:{named}"
    raise fail(f"There is no snapshot and no cloud named {named}.")

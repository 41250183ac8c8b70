"""`mopenstack cloud` and `clouds-yaml`: isolated clouds in the running process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from mopenstack.cli import client, reach, seeds
from mopenstack.cli.credentials import identity_url
from mopenstack.cli.output import fail, say
from mopenstack.cli.snapshots import source_of

app = typer.Typer(help="Isolated clouds in the running process.", no_args_is_help=True)


Name = Annotated[str, typer.Argument(help="Lower-case letters, digits and dashes.")]
Options = Annotated[list[str], typer.Option("--set", help="NAME=VALUE: an option of the cloud (`cloud options`).")]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]


def auth_url(name: str) -> str:
    """All that a client needs to know of a cloud."""
    return identity_url(client.running().url, name)


@app.command()
def create(
    name: Name,
    profile: Annotated[str, typer.Option(help="instant (if not said), realistic or manual")] = "",
    settings: Options = [],  # noqa: B006  # typer copies it
    source: Annotated[str, typer.Option("--from", help="A snapshot or a cloud to begin with.")] = "",
    seed: Annotated[
        Path | None, typer.Option(exists=True, help="What it holds instead of the usual: a YAML file or a folder.")
    ] = None,
    like: Annotated[str, typer.Option(help="What it is like instead of a DevStack (`seed likes`).")] = "",
    release: Annotated[str, typer.Option(help="The release of OpenStack that it is of: 2025.1, 2025.2, 2026.1.")] = "",
    regions: Annotated[str, typer.Option(help="A,B: the names of its regions, with commas.")] = "",
) -> None:
    """Make a cloud: a fresh one, or a copy of a snapshot or of another cloud. Prints its auth URL."""
    if sum(map(bool, (source, seed, like))) > 1:
        raise fail("--from, --seed and --like each say what the cloud begins with: give one of them.")
    settings = [*settings, f"cloud.release={release}"] if release else settings
    body: dict[str, Any] = {"name": name, "options": _options(settings)} | ({"profile": profile} if profile else {})
    if regions:
        body["regions"] = [name.strip() for name in regions.split(",")]
    if seed is not None:
        body["seed_calls"] = seeds.calls_of(seed)
    if like:
        body["seed_calls"] = [{"like": like}]
    client.ask("POST", "/clouds", body | ({"source": source_of(source)} if source else {}))
    say(auth_url(name))


@app.command("set")
def set_(name: Name, settings: Annotated[list[str], typer.Argument(help="NAME=VALUE ...")]) -> None:
    """Change options of a cloud; `mopenstack cloud options` lists them."""
    client.ask("PUT", f"/clouds/{name}/options", {"options": _options(settings)})


@app.command()
def options(as_json: AsJson = False) -> None:
    """What can be chosen for a cloud, as operators of real clouds choose."""
    found = client.ask("GET", "/options")["options"]
    if as_json:
        say(json.dumps(found))
        return
    for one in found:
        say(f"{one['name']}={one['default']}\n    {one['help']}")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """The clouds of the running process."""
    found = client.ask("GET", "/clouds")["clouds"]
    rows = [
        {
            "name": cloud["name"],
            "profile": cloud["profile"],
            "auth_url": auth_url(cloud["name"]),
            "regions": cloud["regions"],
        }
        for cloud in found
    ]
    if as_json:
        say(json.dumps(rows))
        return
    for row in rows:
        regions = f"  {','.join(row['regions'])}" if len(row["regions"]) > 1 else ""
        say(f"{row['name']:20} {row['profile']:10} {row['auth_url']}{regions}")


@app.command()
def reset(name: Name) -> None:
    """Back to the seed; tokens from before do not work any more."""
    client.ask("POST", f"/clouds/{name}/reset")
    say(auth_url(name))


@app.command()
def delete(name: Name) -> None:
    """Forget a cloud and all that is in it."""
    client.ask("DELETE", f"/clouds/{name}")


def clouds_yaml(cloud: Annotated[str, typer.Option(help="Name of the cloud.")] = "default") -> None:
    """A clouds.yaml with entries for the admin, the demo user and the system scope."""
    import yaml

    _must_exist(cloud)
    base = "mopenstack" if cloud == "default" else f"mopenstack-{cloud}"
    entries = reach.credentials(client.running(), cloud).entries(base)
    say(yaml.safe_dump({"clouds": entries}, sort_keys=False).rstrip())


def _options(settings: list[str]) -> dict[str, str]:
    from mopenstack.core.engine.options import BadOption, parsed

    try:
        return parsed(settings)
    except BadOption as error:
        raise fail(error.text) from None


def _must_exist(cloud: str) -> None:
    names = [item["name"] for item in client.ask("GET", "/clouds")["clouds"]]
    if cloud not in names:
        raise fail(f"There is no cloud named {cloud}.", f"These are running: {', '.join(names)}")

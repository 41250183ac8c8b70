"""`mopenstack seed`: what clouds hold, written down and loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mopenstack.cli import client
from mopenstack.cli.credentials import PASSWORD, identity_url
from mopenstack.cli.output import fail, say
from mopenstack.core.seed_files import BadSeed

app = typer.Typer(help="Seeds: what clouds hold, as a list of calls.", no_args_is_help=True)


def calls_of(seed: Path) -> list[Any]:
    """The items of a seed, a file or a folder; ends the command where one of them is none."""
    from mopenstack.core.seed_items import read

    try:
        return [item for _, item in read(seed)]
    except BadSeed as error:
        raise fail(f"The seed cannot be read: {error}") from None


@app.command()
def likes() -> None:
    """What a cloud can be like: `up --like NAME`, `cloud create --like NAME`."""
    from mopenstack.core.seed_files import likes as known

    for name, about in known().items():
        say(f"{name:10} {about}")


@app.command()
def check(seed: Annotated[Path, typer.Argument(exists=True, help="A YAML file or a folder.")]) -> None:
    """Say whether a file is a seed, without a cloud."""
    say(f"{len(calls_of(seed))} items")


@app.command()
def load(
    seed: Annotated[Path, typer.Argument(exists=True, help="A YAML file or a folder.")],
    cloud: Annotated[str, typer.Option(help="Name of the cloud.")] = "default",
) -> None:
    """Make the calls of a seed in a cloud that runs, beside what it holds."""
    made = client.ask("POST", f"/clouds/{cloud}/seed", {"calls": calls_of(seed)})
    say(f"{made['calls']} calls made in {cloud}")


@app.command()
def export(
    cloud: Annotated[str, typer.Option(help="A cloud of the running process.")] = "",
    os_cloud: Annotated[str, typer.Option(help="A real cloud: an entry of clouds.yaml.")] = "",
    user: Annotated[str, typer.Option(help="As whom a cloud of the running process is asked.")] = "admin",
    password: Annotated[str, typer.Option(help="What every user's password is in the seed.")] = PASSWORD,
) -> None:
    """Write the seed of a cloud: what it offers, without servers, volumes and other things of its users."""
    from mopenstack.cli.seed_export.export import exported
    from mopenstack.cli.seed_export.source import real_cloud, running_cloud

    if cloud and os_cloud:
        raise fail("--cloud is a cloud of the running process, --os-cloud a real one: give one of them.")
    if os_cloud:
        source = real_cloud(os_cloud)
    else:
        found = client.running()
        auth_url = identity_url(found.admin or found.url, cloud)
        source = running_cloud(auth_url, user, PASSWORD, client.context(found))
    typer.echo(exported(source, password), nl=False)
    for note in dict.fromkeys(source.notes):
        typer.echo(note, err=True)

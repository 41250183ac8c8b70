"""`mopenstack cloud`, `env` and `clouds-yaml`: isolated clouds, and how clients reach them."""

from __future__ import annotations

import json
import shlex
from enum import StrEnum
from typing import Annotated, Any

import typer
import yaml

from mopenstack.cli import client
from mopenstack.cli.output import fail, say
from mopenstack.core.engine.options import BadOption, parsed
from mopenstack.gateway.addresses import cloud_path

PASSWORD = "secret"  # noqa: S105  # of every user of the default seed; it is documented
REGION = "RegionOne"

app = typer.Typer(help="Isolated clouds in the running process.", no_args_is_help=True)


class User(StrEnum):
    admin = "admin"
    demo = "demo"


Name = Annotated[str, typer.Argument(help="Lower-case letters, digits and dashes.")]
Options = Annotated[list[str], typer.Option("--set", help="NAME=VALUE: an option of the cloud (`cloud options`).")]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]


def auth_url(name: str) -> str:
    """All that a client needs to know of a cloud."""
    return f"{client.running().url}{cloud_path(name)}/identity/v3"


@app.command()
def create(
    name: Name,
    profile: Annotated[str, typer.Option(help="instant, realistic or manual")] = "instant",
    settings: Options = [],  # noqa: B006  # typer copies it
) -> None:
    """Make a fresh cloud; prints its auth URL."""
    client.ask("POST", "/clouds", {"name": name, "profile": profile, "options": _options(settings)})
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
        {"name": cloud["name"], "profile": cloud["profile"], "auth_url": auth_url(cloud["name"])} for cloud in found
    ]
    if as_json:
        say(json.dumps(rows))
        return
    for row in rows:
        say(f"{row['name']:20} {row['profile']:10} {row['auth_url']}")


@app.command()
def reset(name: Name) -> None:
    """Back to the seed; tokens from before do not work any more."""
    client.ask("POST", f"/clouds/{name}/reset")
    say(auth_url(name))


@app.command()
def delete(name: Name) -> None:
    """Forget a cloud and all that is in it."""
    client.ask("DELETE", f"/clouds/{name}")


def env(
    user: Annotated[User, typer.Option(help="Whose credentials.")] = User.admin,
    cloud: Annotated[str, typer.Option(help="Name of the cloud.")] = "default",
) -> None:
    """Shell exports for OpenStack's clients: eval "$(mopenstack env)"."""
    _must_exist(cloud)
    exports = {
        "OS_AUTH_URL": auth_url(cloud),
        "OS_IDENTITY_API_VERSION": "3",
        "OS_USERNAME": user.value,
        "OS_PASSWORD": PASSWORD,
        "OS_PROJECT_NAME": user.value,
        "OS_USER_DOMAIN_ID": "default",
        "OS_PROJECT_DOMAIN_ID": "default",
        "OS_REGION_NAME": REGION,
        **({"OS_CACERT": ca} if (ca := client.running().ca) else {}),
    }
    for key, value in exports.items():
        say(f"export {key}={shlex.quote(value)}")
    if client.running().cert and "OS_CACERT" not in exports:
        say(f"# OS_CACERT: the CA that signed {client.running().cert}, unless it is known everywhere")


def clouds_yaml(cloud: Annotated[str, typer.Option(help="Name of the cloud.")] = "default") -> None:
    """A clouds.yaml with entries for the admin, the demo user and the system scope."""
    _must_exist(cloud)
    base = "mopenstack" if cloud == "default" else f"mopenstack-{cloud}"
    entries = {
        base: _entry(cloud, "demo", {"project_name": "demo", "project_domain_id": "default"}),
        f"{base}-admin": _entry(cloud, "admin", {"project_name": "admin", "project_domain_id": "default"}),
        f"{base}-system-admin": _entry(cloud, "admin", {"system_scope": "all"}),
    }
    say(yaml.safe_dump({"clouds": entries}, sort_keys=False).rstrip())


def _entry(cloud: str, user: str, scope: dict[str, str]) -> dict[str, Any]:
    auth = {"auth_url": auth_url(cloud), "username": user, "password": PASSWORD, "user_domain_id": "default", **scope}
    entry = {"auth": auth, "region_name": REGION, "identity_api_version": "3"}
    ca = client.running().ca
    return {**entry, "cacert": ca} if ca else entry


def _options(settings: list[str]) -> dict[str, str]:
    try:
        return parsed(settings)
    except BadOption as error:
        raise fail(error.text) from None


def _must_exist(cloud: str) -> None:
    names = [item["name"] for item in client.ask("GET", "/clouds")["clouds"]]
    if cloud not in names:
        raise fail(f"There is no cloud named {cloud}.", f"These are running: {', '.join(names)}")

"""`mopenstack replicate`: a tenant of one cloud made anew in another."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mopenstack.cli import client, state
from mopenstack.cli.credentials import PASSWORD, identity_url
from mopenstack.cli.output import fail, good, say
from mopenstack.cli.real_clouds import configured
from mopenstack.contract.service import named

COPYING = "mopenstack.core.tenant_replication.copying"
MAPS = "VOLUME_TYPE=VOLUME_TYPE or CIDR=CIDR: what is another one at the destination."


def replicate(
    source: Annotated[str, typer.Option("--from", metavar="CLOUD[:PROJECT]", help="Whose tenant is copied.")],
    destination: Annotated[
        str, typer.Option("--to", metavar="CLOUD[:PROJECT]", help="Where: in a new project, or in this one.")
    ],
    maps: Annotated[list[str], typer.Option("--map", help=MAPS)] = [],  # noqa: B006  # typer copies it
    networks: Annotated[list[str], typer.Option("--network", help="Copy this network (id) and no others.")] = [],  # noqa: B006
    name: Annotated[str, typer.Option(help="Of the new project; else that of the source.")] = "",
    ports: Annotated[bool, typer.Option("--ports", help="Copy the ports of instances too.")] = False,
    no_external: Annotated[
        bool, typer.Option("--no-external", help="Connect no router to an external network.")
    ] = False,
) -> None:
    """Copy networks, routers, security groups and quotas of a tenant. Clouds run here, or are of clouds.yaml."""
    refused = named(f"{COPYING}.accounts:Refused")
    mappings = _mappings(maps, networks, ports, no_external)
    start, _, project = source.partition(":")
    end, _, into = destination.partition(":")
    try:
        contents = named(f"{COPYING}.reading:read")(account_of(start).look_into(project))
        copy = named(f"{COPYING}.tenants:replicate")(contents, account_of(end), mappings, name=name, into=into)
    except refused as error:
        raise fail(f"The tenant cannot be copied: {error}") from None
    for note in copy.notes:
        typer.echo(note, err=True)
    counts = ", ".join(f"{number} {what}" for what, number in copy.counts.items())
    say(f"{good('replicated')} as project {copy.project_name} ({copy.project_id}) of {end}: {counts}")
    if copy.user_name:
        say(f"user {copy.user_name}, password {copy.password}")


def account_of(cloud: str) -> Any:
    """Who asks in a cloud: its admin in one of the running process, else the user of an entry of clouds.yaml."""
    found = state.read()
    if found is not None and cloud in {one["name"] for one in client.ask("GET", "/clouds")["clouds"]}:
        auth = {
            "auth_url": identity_url(found.admin or found.url, "" if cloud == "default" else cloud),
            "username": "admin",
            "password": PASSWORD,
            "project_name": "admin",
            "user_domain_id": "default",
            "project_domain_id": "default",
        }
        return named(f"{COPYING}.accounts:Account")(cloud, auth, verify=found.ca or True)
    return named(f"{COPYING}.accounts:of_region")(configured(cloud))


def _mappings(maps: list[str], networks: list[str], ports: bool, no_external: bool) -> Any:
    types: dict[str, str] = {}
    subnets: dict[str, str] = {}
    for item in maps:
        old, equals, new = item.partition("=")
        if not equals or not old or not new:
            raise fail(f"--map takes OLD=NEW, not {item!r}.")
        (subnets if "/" in old else types)[old] = new
    wrong = named("mopenstack.core.tenant_replication.cidrs:wrong")
    for cidr in (*subnets, *subnets.values()):
        if text := wrong(cidr):
            raise fail(f"--map {cidr}: {text}")
    if ports and subnets:
        raise fail("sync_instance_ports cannot be used together with subnets mappings.")
    return named(f"{COPYING}.rules:Mappings")(types, subnets, tuple(networks), ports, no_external)

"""`mopenstack vms`: the VM lifecycle API in front of any OpenStack cloud."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from mopenstack.cli.other_process import until_stopped
from mopenstack.cli.output import fail, good, say
from mopenstack.cli.real_clouds import auth_url_of, configured, of_settings
from mopenstack.cli.starting import run
from mopenstack.cli.up import Host
from mopenstack.contract.service import named

FRONT = "mopenstack.core.vm_lifecycle.front:FrontCore"
SETTINGS = {
    "auth_url": "OPENSTACK_AUTH_URL",
    "username": "OPENSTACK_USERNAME",
    "password": "OPENSTACK_PASSWORD",
    "project_name": "OPENSTACK_PROJECT",
}
"""What Keystone is asked with -> the variable that says it, where no cloud of clouds.yaml is named."""


def vms(
    cloud: Annotated[str, typer.Option(help="A cloud of clouds.yaml; else the variables OPENSTACK_* say it.")] = "",
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0: a free one.")] = 8880,
    rate_limit: Annotated[
        int, typer.Option(min=0, max=100_000, envvar="RATE_LIMIT", help="Requests a user and minute; 0: any number.")
    ] = 0,
    wait: Annotated[float, typer.Option(min=1, help="Seconds that the cloud may take for one action.")] = 300.0,
) -> None:
    """Serve the VM lifecycle API in front of a cloud, with the tokens of that cloud."""
    region = region_of(cloud)

    async def main() -> None:
        async with serving_vms(region, host, port, rate_limit=rate_limit, wait=wait) as url:
            say(f"{good('vms')} at {url}/api/v1/vms, in front of {auth_url_of(region)}")
            sys.stdout.flush()
            await until_stopped()

    run(main(), port)


def region_of(cloud: str) -> Any:
    """The cloud that is named, or that the variables say; ends the command where neither does."""
    if cloud:
        return configured(cloud)
    given = {key: os.environ.get(name, "") for key, name in SETTINGS.items()}
    missing = [SETTINGS[key] for key, value in given.items() if not value]
    if missing:
        raise fail(f"Which cloud? Give --cloud NAME, or set {', '.join(missing)}.")
    return of_settings({**given, "user_domain_id": "default", "project_domain_id": "default"})


@asynccontextmanager
async def serving_vms(region: Any, host: str, port: int, *, rate_limit: int, wait: float) -> AsyncIterator[str]:
    """Serve until the block ends; yields the URL. Raises OSError for a port in use."""
    from mopenstack.cli.serve import Settings, listen
    from mopenstack.gateway.app import App

    core = named(FRONT)(region, auth_url_of(region), rate_limit=rate_limit, wait=wait)
    runners: list[Any] = []
    try:
        bound = await listen(App(core, core.contract), Settings(host=host), port, runners)
        yield f"http://{host}:{bound}"
    finally:
        for runner in runners:
            await runner.cleanup()

"""`mopenstack core` and `gateway`: a cloud split over processes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from mopenstack.cli import admin_token
from mopenstack.cli.asked import STORE_WAIT_SECONDS
from mopenstack.cli.options import AdminHosts, AdminToken, BehindProxy
from mopenstack.cli.other_process import until_stopped
from mopenstack.cli.output import good, say
from mopenstack.cli.starting import of_release, run, secrets_of, services_of
from mopenstack.cli.up import (
    Data,
    Host,
    Port,
    Profile,
    ProfileOption,
    RegionsOption,
    ReleaseOption,
    Seed,
    ServicesOption,
    StoreUrl,
    StoreWait,
)


def core(
    address: Annotated[str, typer.Option(help="host:port or unix:/path to serve gRPC on.")] = "127.0.0.1:8801",
    data: Data = None,
    store: StoreUrl = None,
    store_wait: StoreWait = STORE_WAIT_SECONDS,
    seed: Seed = None,
    profile: ProfileOption = Profile.instant,
    regions: RegionsOption = [],  # noqa: B006  # typer copies it
    release: ReleaseOption = None,
    services: ServicesOption = None,
    admin: AdminToken = None,
) -> None:
    """Serve only the core, over gRPC."""
    from mopenstack.cli.serve import Settings, serving_core
    from mopenstack.core.engine.options import parsed

    admin_token.hide(secrets_of(store, admin))
    settings = Settings(
        data=data,
        store=store,
        store_wait=store_wait,
        seed=seed,
        profile=profile.value,
        regions=tuple(regions),
        options=parsed(of_release(release)),
        services=services_of(services),
        admin_token=admin_token.checked(admin),
    )

    async def main() -> None:
        async with serving_core(settings, address) as bound:
            say(f"{good('core')} at {bound}")
            sys.stdout.flush()
            await until_stopped()

    run(main(), 0)


def gateway(
    core_address: Annotated[
        str,
        typer.Option(
            "--core", help="Where the core serves gRPC; several that share a store: ipv4:HOST:PORT,HOST:PORT."
        ),
    ],
    host: Host = "127.0.0.1",
    port: Port = 8800,
    services: ServicesOption = None,
    admin: AdminToken = None,
    admin_hosts: AdminHosts = [],  # noqa: B006  # typer copies it
    behind_proxy: BehindProxy = False,
) -> None:
    """Serve only the gateway, in front of a core in another process."""
    from mopenstack.cli.serve import Settings, serving_gateway

    admin_token.hide(secrets_of(None, admin))
    settings = Settings(
        host=host,
        port=port,
        services=services_of(services),
        admin_token=admin_token.checked(admin),
        admin_hosts=tuple(admin_hosts),
        behind_proxy=behind_proxy,
    )

    async def main() -> None:
        async with serving_gateway(core_address, settings) as url:
            say(f"{good('gateway')} at {url}, core at {core_address}")
            sys.stdout.flush()
            await until_stopped()

    run(main(), port)

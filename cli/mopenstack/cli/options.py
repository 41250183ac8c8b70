"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

from mopenstack.cli.logs import LogFormat
from mopenstack.contract.admin_access import VARIABLE

AdminToken = Annotated[
    str | None,
    typer.Option(
        "--admin-token",
        envvar=VARIABLE,
        show_envvar=True,
        help="Callers of the admin API must show it; made by itself where --host is more than this machine.",
    ),
]
AdminHosts = Annotated[
    list[str],
    typer.Option("--admin-host", help="A host name by which clients may call the admin API, beside IP addresses."),
]
BehindProxy = Annotated[
    bool,
    typer.Option("--behind-proxy", help="Believe X-Forwarded-Proto: clients come by a proxy that speaks HTTPS."),
]
LogFormatOption = Annotated[
    LogFormat | None,
    typer.Option(
        "--log-format", help="Print a line for each request, and warnings, as text or JSON; --no-log: no requests."
    ),
]
ServicePorts = Annotated[
    list[str],
    typer.Option(
        "--service-port",
        help="TYPE=PORT: this service also at the root of a port of its own; 0: a free one (`status` tells).",
    ),
]

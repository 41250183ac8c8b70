"""`mopenstack up`: its options; what it does is in starting.py."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mopenstack.cli.admin_token import SERVICE_PASSWORD_VARIABLE
from mopenstack.cli.asked import STORE_WAIT_SECONDS, WORKERS_MAX, Asked
from mopenstack.cli.options import AdminHosts, AdminToken, BehindProxy, LogFormatOption, ServicePorts
from mopenstack.cli.starting import CHECK_KEPT_VARIABLE, STORE_VARIABLE, start


class JournalMode(StrEnum):
    off = "off"
    calls = "calls"
    bodies = "bodies"


class Profile(StrEnum):
    instant = "instant"
    realistic = "realistic"
    manual = "manual"


Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of all services; 0: a free one.")]
Data = Annotated[Path | None, typer.Option(file_okay=False, help="Keep the state in this folder (SQLite).")]
StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar=STORE_VARIABLE,
        help="Keep the state in this database: postgresql://..., its hosts separated by commas "
        "(as a variable its password is in no process list).",
    ),
]
StoreWait = Annotated[
    float,
    typer.Option(
        "--store-wait", min=0, max=60, help="Seconds that a call waits for a database that is away; then it gets 503."
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, max=WORKERS_MAX, help="So many processes at the same port; they need --store postgresql."
    ),
]
Seed = Annotated[Path | None, typer.Option(exists=True, help="What fresh clouds hold: a YAML file or a folder.")]
Like = Annotated[str | None, typer.Option(help="What fresh clouds are like instead of a DevStack (`seed likes`).")]
ProfileOption = Annotated[Profile, typer.Option(help="How long transitions take.")]
CheckKept = Annotated[
    bool,
    typer.Option(
        "--check-kept",
        envvar=CHECK_KEPT_VARIABLE,
        help="Give no kept answer but compare each with the one made now; `mopenstack answers` tells.",
    ),
]
CheckAnswers = Annotated[
    bool,
    typer.Option("--check-answers", help="Hold each answer against the published schemas; `mopenstack answers` tells."),
]
TlsCert = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Speak HTTPS: the server's certificate (PEM, with its chain)."),
]
TlsKey = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The certificate's key (PEM).")]
TlsClientCa = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="Clients may show certificates that this CA (PEM) signed."),
]
OptionsOption = Annotated[
    list[str], typer.Option("--set", help="NAME=VALUE: an option of the cloud; `mopenstack cloud options` lists them.")
]
RegionsOption = Annotated[
    list[str],
    typer.Option(
        "--region",
        help="A region of the cloud; may be given again: the first one is at its own address. "
        "With --identity the region of the real catalog whose endpoints are asked.",
    ),
]
ReleaseOption = Annotated[
    str | None,
    typer.Option("--release", help="2025.1, 2025.2, 2026.1: be a cloud of this release of OpenStack, not the latest."),
]
ServicesOption = Annotated[
    str | None,
    typer.Option(
        "--services",
        help="Serve only these and what they need (identity,network ...); `mopenstack services` lists them.",
    ),
]
GrpcPort = Annotated[int, typer.Option(min=0, max=65535, help="Port of gRPC; 0: a free one.")]
DnsPort = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Serve the default cloud's zones at this port, UDP and TCP; 0: a free one."),
]


Identity = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="Serve beside a real Keystone: its users call, its catalog says where other services are."
    ),
]
IdentityCa = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Who signed the certificates of those services (PEM).")
]
ServiceUserOption = Annotated[
    str | None, typer.Option("--service-user", help="The user at that Keystone by which this service asks it.")
]
ServicePassword = Annotated[
    str | None,
    typer.Option(
        "--service-password",
        envvar=SERVICE_PASSWORD_VARIABLE,
        help="Its password (as a variable it is in no process list).",
    ),
]
ServicePasswordFile = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="A file that holds that password.")
]
Init = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="Run what is in boot.d, start.d, ready.d, stop.d of this folder."),
]
InitLimit = Annotated[float, typer.Option(min=1, max=86400, help="Seconds that each of them may take.")]


def up(
    detach: Annotated[
        bool, typer.Option("--detach", help="Run in the background; returns when the cloud answers.")
    ] = False,
    host: Host = "127.0.0.1",
    port: Port = 8800,
    data: Data = None,
    store: StoreUrl = None,
    store_wait: StoreWait = STORE_WAIT_SECONDS,
    workers: WorkersOption = None,
    seed: Seed = None,
    like: Like = None,
    profile: ProfileOption = Profile.instant,
    regions: RegionsOption = [],  # noqa: B006  # typer copies it
    release: ReleaseOption = None,
    snapshot: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file of a snapshot to begin with.")
    ] = None,
    classic_ports: Annotated[
        bool, typer.Option("--classic-ports", help="Also listen on 5000, 8774, 8776, 9292, 9696 ...")
    ] = False,
    service_ports: ServicePorts = [],  # noqa: B006  # typer copies it
    grpc_port: GrpcPort = 0,
    dns_port: DnsPort = None,
    log: Annotated[bool | None, typer.Option("--log/--no-log", help="Print a line for each request.")] = None,
    log_format: LogFormatOption = None,
    traces: Annotated[bool, typer.Option("--traces", help="Trace calls by OpenTelemetry (OTEL_* variables).")] = False,
    journal: Annotated[
        JournalMode, typer.Option(help="What journals of clouds keep; `mopenstack requests` prints it.")
    ] = JournalMode.calls,
    check_answers: CheckAnswers = False,
    check_kept: CheckKept = False,
    options: OptionsOption = [],  # noqa: B006  # typer copies it
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    tls_client_ca: TlsClientCa = None,
    services: ServicesOption = None,
    admin: AdminToken = None,
    admin_hosts: AdminHosts = [],  # noqa: B006  # typer copies it
    behind_proxy: BehindProxy = False,
    init: Init = None,
    init_limit: InitLimit = 300,
    reload: Annotated[
        bool, typer.Option("--reload", help="Start anew when source of mopenstack or of a service has changed.")
    ] = False,
    until: Annotated[int | None, typer.Option(min=1, metavar="PID", help="Stop when this process has ended.")] = None,
    identity: Identity = None,
    identity_ca: IdentityCa = None,
    service_user: ServiceUserOption = None,
    service_password: ServicePassword = None,
    service_password_file: ServicePasswordFile = None,
    service_project: Annotated[str, typer.Option(help="Project of the service user.")] = "service",
    service_domain: Annotated[str, typer.Option(help="Domain of both, by name.")] = "Default",
    token_cache: Annotated[
        float, typer.Option(min=0, max=300, help="Seconds for which what Keystone said of a token is taken.")
    ] = 300,
) -> None:
    """Start a cloud."""
    given: dict[str, Any] = {name: one.value if isinstance(one, StrEnum) else one for name, one in locals().items()}
    start(Asked(**given))

"""What `mopenstack up` was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_SECONDS_MAX = 60
STORE_WAIT_SECONDS = 1.0
WORKERS_MAX = 32


@dataclass(slots=True)
class Asked:
    """The options of `mopenstack up` (up.py says what they are)."""

    detach: bool = False
    host: str = "127.0.0.1"
    port: int = 8800
    data: Path | None = None
    store: str | None = None
    store_wait: float = STORE_WAIT_SECONDS
    workers: int | None = None
    seed: Path | None = None
    like: str | None = None
    profile: Any = "instant"
    snapshot: Path | None = None
    classic_ports: bool = False
    service_ports: list[str] = field(default_factory=list)
    grpc_port: int = 0
    dns_port: int | None = None
    log: bool | None = None
    log_format: str | None = None
    traces: bool = False
    journal: Any = "calls"
    check_answers: bool = False
    check_kept: bool = False
    options: list[str] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)
    release: str | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    services: str | None = None
    admin: str | None = None
    admin_hosts: list[str] = field(default_factory=list)
    behind_proxy: bool = False
    init: Path | None = None
    init_limit: float = 300
    reload: bool = False
    until: int | None = None
    identity: str | None = None
    identity_ca: Path | None = None
    service_user: str | None = None
    service_password: str | None = None
    service_password_file: Path | None = None
    service_project: str = "service"
    service_domain: str = "Default"
    token_cache: float = 300

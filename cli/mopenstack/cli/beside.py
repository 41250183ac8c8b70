"""`mopenstack up --identity URL`: some services beside a real Keystone and the services of its catalog."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mopenstack.cli.admin_token import SERVICE_PASSWORD_VARIABLE
from mopenstack.cli.kept_services import contract_of
from mopenstack.cli.output import fail
from mopenstack.contract.contract import Contract
from mopenstack.contract.faults import Unavailable
from mopenstack.contract.service import Service, chosen
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.core.beside.assembly import assemble_beside
from mopenstack.core.beside.callers import CACHE_SECONDS
from mopenstack.core.engine.administration import Administration
from mopenstack.core.store import Store
from mopenstack.core.store.blobs import Blobs
from mopenstack.core.store.master_key import MasterKey
from mopenstack.gateway.beside.client import Client
from mopenstack.gateway.beside.http import Http
from mopenstack.gateway.beside.keystone import Keystone, ServiceUser

SERVICE_TOKEN = "X-Service-Token"  # noqa: S105  # the name of a header


@dataclass(frozen=True)
class Beside:
    """Which Keystone, with which user; `services` are those that are served here (None: all but Keystone)."""

    auth_url: str
    user: ServiceUser
    services: tuple[str, ...] | None = None
    trust: ssl.SSLContext | bool = True
    cache_seconds: float = CACHE_SECONDS

    @cached_property
    def contract(self) -> Contract:
        """The contract of the services, whose callers are sent to Keystone and may show a service's token."""
        found = contract_of(self.services)
        made = Contract(found.services, found.known)
        for package, api in made.apis.items():
            own = annotations_pb2.Api()
            own.CopyFrom(api)
            own.context_headers.append(SERVICE_TOKEN)
            made.apis[package] = own
        made.auth_prefix = self.keystone.auth_url
        return made

    @cached_property
    def http(self) -> Http:
        return Http(self.trust)

    @cached_property
    def keystone(self) -> Keystone:
        return Keystone(self.auth_url, self.user, self.http)

    def assemble(self, store: Store, blobs: Blobs, seed: Path | None, master_key: MasterKey) -> Administration:
        """The core, with its connections to the others."""
        here = [one.contract for one in chosen(self.services) if self._is_here(one)]
        elsewhere = Client(self.contract, self.keystone, self.http, here, self.user.region)
        return assemble_beside(
            self.contract, elsewhere, store, blobs, seed, master_key, cache_seconds=self.cache_seconds
        )

    def _is_here(self, service: Service) -> bool:
        """Whether a service is served here, whatever the catalog lists."""
        named = self.services
        if named is None or service.name in named or service.always:
            return True
        return any(service.name in one.together for one in chosen(named) if one.name in named)


def beside_of(asked: Any, services: tuple[str, ...] | None) -> Beside | None:
    """What the options of `mopenstack up` say; None without --identity. Ends the command for what does not fit."""
    given = [one for one in (asked.service_user, asked.service_password, asked.service_password_file) if one]
    if asked.identity is None:
        if given:
            raise fail("--service-user and its password are for --identity URL.")
        return None
    if not asked.identity.startswith(("http://", "https://")):
        raise fail(f"--identity takes the URL of a Keystone, not {asked.identity!r}.")
    if asked.service_password and asked.service_password_file:
        raise fail("Give the password once: --service-password or --service-password-file.")
    if not asked.service_user or len(given) < 2:
        raise fail(
            "--identity needs --service-user and its password.",
            f"Give it as {SERVICE_PASSWORD_VARIABLE} or --service-password-file; `mopenstack register` makes the user.",
        )
    if services is not None and "identity" in services:
        raise fail("With --identity the callers are those of that Keystone: leave `identity` out of --services.")
    if len(asked.regions) > 1:
        raise fail("With --identity there is one --region: the one of the real catalog.")
    user = ServiceUser(
        asked.service_user,
        asked.service_password or _read(asked.service_password_file),
        asked.service_project,
        asked.service_domain,
        "".join(asked.regions),
    )
    trust: ssl.SSLContext | bool = True
    if asked.identity_ca is not None:
        try:
            trust = ssl.create_default_context(cafile=asked.identity_ca)
        except (OSError, ssl.SSLError) as error:
            raise fail(f"--identity-ca: {error}") from None
    return Beside(asked.identity, user, services, trust, asked.token_cache)


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, ValueError) as error:
        raise fail(f"--service-password-file: {error}") from None


async def greet(administration: Administration) -> str:
    """What is elsewhere, or why that is not known yet."""
    engine: Any = administration.engine
    try:
        await engine.elsewhere.look()
    except Unavailable as away:
        return f"Keystone at {engine.elsewhere.auth_url} is asked again with each call: {away.text}"
    apis = engine.registry.contract.apis
    away_ones = sorted(api.type for package, api in apis.items() if engine.elsewhere.has(package))
    return f"Elsewhere: {', '.join(away_ones)}"

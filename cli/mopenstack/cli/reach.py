"""Where the running cloud is reached: its admin API, and Keystone for its users. Imports next to nothing."""

from __future__ import annotations

import ssl

from mopenstack.cli.credentials import Credentials, identity_url
from mopenstack.cli.json_client import ADMIN, JsonClient
from mopenstack.cli.state import Running

NONE_RUNS = "No cloud is running here. Start one: mopenstack up --detach"


def admin(found: Running) -> JsonClient:
    """The admin API of a running cloud."""
    from mopenstack.cli.admin_token import read

    return JsonClient((found.admin or found.url) + ADMIN, context(found), read())


def credentials(found: Running, cloud: str) -> Credentials:
    """How users reach one of its clouds."""
    near = identity_url(found.admin or found.url, cloud)
    return Credentials(identity_url(found.url, cloud), near, context(found), found.ca)


def context(found: Running) -> ssl.SSLContext | None:
    """Whom to trust for it; None where it speaks plain HTTP."""
    if not found.cert:
        return None
    from mopenstack.cli.tls import trusting

    return trusting(found.cert)

"""Addresses in answers that no annotation can say: those with neighbours that are null."""

from __future__ import annotations

from mopenstack.core.engine.call import Call


def address_of(call: Call, path: str) -> str:
    """keystone.server.flask.cloud_url: a path behind the API's version, as the client reaches the cloud."""
    return f"{call.context.cloud_url}/identity/v3{path}"

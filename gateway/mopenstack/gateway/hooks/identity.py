"""OAuth 2.0 asks for a token with a form (RFC 6749); OAuth 1 and federation with bodies that say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from mopenstack.gateway.hooks import BodyHook, BodySchema
from mopenstack.identity.v3.auth import signed_logins_pb2 as pb

FORM = "application/x-www-form-urlencoded"


def form_body(message: pb.OAuth2TokenRequest, body: bytes, headers: Mapping[str, str]) -> None:
    """The form's fields; whatever is no form has none."""
    if headers.get("Content-Type", "").partition(";")[0].strip() != FORM:
        return
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        if name in ("grant_type", "client_id", "client_secret"):
            setattr(message, name, value)


def no_body(message: Any, body: bytes, headers: Mapping[str, str]) -> None:
    """Nothing in the body counts."""


_SERVICES = "mopenstack.identity.v3"

BODY_HOOKS: dict[str, BodyHook] = {
    f"{_SERVICES}.SignedLogins.AddOAuth2Token": form_body,
    f"{_SERVICES}.OAuthTokens.AddRequestToken": no_body,
    f"{_SERVICES}.OAuthTokens.AddAccessToken": no_body,
    f"{_SERVICES}.FederatedLogins.AddFederatedToken": no_body,
    f"{_SERVICES}.FederatedLogins.AddWebToken": no_body,
}

BODY_SCHEMAS: dict[str, BodySchema] = {
    name: (lambda declared: {FORM: declared}) if hook is form_body else (lambda declared: {})
    for name, hook in BODY_HOOKS.items()
}

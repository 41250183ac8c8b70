"""Signatures of OAuth 1.0a (RFC 5849), checked as the library oauthlib does for Keystone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from mopenstack.contract.faults import BadRequest
from mopenstack.identity.v3 import refusals

LIFETIME = 600
"""Seconds that a timestamp may be off."""

_DIGESTS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256, "HMAC-SHA512": hashlib.sha512}
_METHODS = (*_DIGESTS, "PLAINTEXT")
_HEX = re.compile(r"[0-9a-f]{32}")
_PAIR = re.compile(r'\s*([^=\s]+)\s*=\s*"([^"]*)"\s*')


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed request: its OAuth parameters, decoded."""

    parameters: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.parameters.get(f"oauth_{name}", "")

    def signed_by(self, verb: str, url: str, client_secret: str, token_secret: str = "") -> bool:
        """Whether the signature is that of these secrets."""
        key = f"{_escape(client_secret)}&{_escape(token_secret)}"
        if self["signature_method"] == "PLAINTEXT":
            return hmac.compare_digest(self["signature"].encode(), key.encode())
        text = "&".join(_escape(part) for part in (verb, _normalized(url), self._collected()))
        digest = hmac.new(key.encode(), text.encode(), _DIGESTS[self["signature_method"]]).digest()
        return hmac.compare_digest(self["signature"].encode(), base64.b64encode(digest))

    def _collected(self) -> str:
        pairs = sorted(
            (_escape(name), _escape(value))
            for name, value in self.parameters.items()
            if name not in ("oauth_signature", "realm")
        )
        return "&".join(f"{name}={value}" for name, value in pairs)


def parse(authorization: str) -> Signed:
    """The parameters of the header; raises what Keystone does without one."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "oauth":
        raise refusals.OAuthHeadersMissing
    found = {}
    for part in rest.split(","):
        match = _PAIR.fullmatch(part)
        if match is not None:
            found[match[1]] = unquote(match[2])
    return Signed(found)


def check(signed: Signed, now: float) -> None:
    """What every signed request must have (oauthlib.oauth1.rfc5849.endpoints.base)."""
    if not all(signed[name] for name in ("signature", "consumer_key", "nonce", "timestamp", "signature_method")):
        raise refusal("invalid_request", "Missing mandatory OAuth parameters.")
    if signed["signature_method"] not in _METHODS:
        names = ", ".join(repr(name) for name in _METHODS)
        raise refusal(
            "invalid_signature_method", f"Invalid signature, {signed['signature_method']} not in {{{names}}}."
        )
    if signed["version"] not in ("", "1.0"):
        raise refusal("invalid_request", "Invalid OAuth version.")
    if len(signed["timestamp"]) != 10:
        raise refusal("invalid_request", "Invalid timestamp size.")
    if not signed["timestamp"].isascii() or not signed["timestamp"].isdigit():
        raise refusal("invalid_request", "Timestamp must be an integer.")
    if abs(int(signed["timestamp"]) - now) > LIFETIME:
        raise refusal("invalid_request", f"Timestamp given is invalid, differ from allowed by over {LIFETIME} seconds.")
    if not _HEX.fullmatch(signed["consumer_key"]):
        raise refusal("invalid_request", "Invalid client key format.")


def refusal(title: str, detail: str) -> BadRequest:
    """keystone.oauth1.core.validate_oauth_params."""
    return BadRequest(f"Validation failed with errors: {title}, detail message is: {detail}.")


def _escape(text: str) -> str:
    return quote(text, safe="~")


def _normalized(url: str) -> str:
    """Scheme and host in lower case, without the scheme's own port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    port = parts.port
    if port is not None and (parts.scheme.lower(), port) not in (("http", 80), ("https", 443)):
        host = f"{host}:{port}"
    return f"{parts.scheme.lower()}://{host}{parts.path or '/'}"

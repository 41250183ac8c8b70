"""Secrets out of what is shown of calls: documents, headers and addresses.

A secret is known by the key that it has: that holds too for requests that cannot be read, and for services that are
declared elsewhere. The keys are those of oslo.utils' mask_password and of the APIs themselves. Journals and recordings
are blanked by them.
Source: oslo_utils.strutils._SANITIZE_KEYS
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote

BLANK = "<redacted>"
"""What stands for a secret."""
DEPTH_MAX = 64
QUOTED_MIN = 5
"""Letters of a secret that is looked for in other texts."""
_SECRET_KEY = re.compile(
    r"(?:^|[a-z_.:-])(password|passwd|passphrase|passcode|admin_?pass|new_?pass|storage_?pass|sys_pswd|secret|psk|payload"
    r"|private_?key|auth_?key|api_?key|secret_?key|access_?key|encrypted_?key|signing_?key|fernet_?key|ssl_?key|hmac_?key"
    r"|pkcs7|user_?data|blob|token|signature|oauth_verifier|kubeconfig)\Z",
    re.IGNORECASE,
)
_ALONE = {"access": "/credentials/OS-EC2", "key": "/transfer_"}
"""Keys that hold a secret below such paths alone."""
SECRET_HEADERS = {
    "x-auth-token": "token",
    "x-subject-token": "token",
    "x-service-token": "token",
    "x-storage-token": "token",
    "x-amz-security-token": "token",
    "authorization": "authorization",
    "proxy-authorization": "authorization",
    "cookie": "cookie",
    "set-cookie": "cookie",
    "x-auth-key": "password",
    "x-storage-pass": "password",
    "x-container-sync-key": "secret",
    "x-account-meta-temp-url-key": "secret",
    "x-account-meta-temp-url-key-2": "secret",
    "x-container-meta-temp-url-key": "secret",
    "x-container-meta-temp-url-key-2": "secret",
    "x-amz-server-side-encryption-customer-key": "secret",
}
"""Name in lower case -> what kind of secret the header is."""
SECRET_QUERY = frozenset(
    {
        *("temp_url_sig", "signature", "x-amz-signature", "x-amz-security-token", "x-amz-credential", "awsaccesskeyid"),
        *("token", "access_token", "client_secret", "oauth_verifier", "password"),
    }
)
"""Parameters in lower case that are secrets."""
_TOKEN_IN_TEXT = re.compile(
    r"(?i)((?:[?&;]|%3f|%26)(?:token|temp_url_sig|x-amz-signature|signature|access_token)(?:=|%3d))[^&\s\"']+"
)
"""In an address, or in one that is a parameter of another: the path of a console's websocket."""
_CREDENTIALS_IN_TEXT = re.compile(r"(://[^/\s:@]*:)[^/\s@]+@")
_PRIVATE_KEY = "PRIVATE KEY-----"


@lru_cache(maxsize=4096)
def kind_of_secret(key: str, parent: str = "", path: str = "") -> str:
    """What kind of secret a key of a document holds ("token"); "" where it holds none.

    `parent` is the key of the object that it stands in, `path` that of the request.
    """
    found = _SECRET_KEY.search(key.replace("-", "_"))
    if found is not None:
        word = found[1].lower().replace("admin_pass", "password").replace("adminpass", "password")
        return "password" if "password" in key.lower() else word
    if key == "id" and parent == "token":
        return "token"
    return "secret" if _ALONE.get(key, "\0") in path else ""


def blank_document(
    value: Any, known: Collection[str] = (), path: str = "", key: str = "", parent: str = "", depth: int = 0
) -> Any:
    """A copy of a JSON value without secrets; what is nested deeper than DEPTH_MAX is blanked as a whole.

    `known` are secrets (`secrets_of`) that are blanked in every text: refusals quote what they refuse. `path` is the
    request's; `key` and `parent` say where the value stands.
    """
    if isinstance(value, dict):
        if depth >= DEPTH_MAX:
            return BLANK
        return {name: blank_document(one, known, path, name, key, depth + 1) for name, one in value.items()}
    if isinstance(value, list):
        if depth >= DEPTH_MAX:
            return BLANK
        return [blank_document(one, known, path, key, parent, depth + 1) for one in value]
    if _is_secret(value, path, key, parent):
        return BLANK
    return blank_text(value, known) if isinstance(value, str) else value


def secrets_of(value: Any, path: str = "", key: str = "", parent: str = "", depth: int = 0) -> set[str]:
    """The secrets of a document, as they are and as a text quotes them."""
    found: set[str] = set()
    if isinstance(value, (dict, list)) and depth < DEPTH_MAX:
        inner = value.items() if isinstance(value, dict) else ((key, one) for one in value)
        above = key if isinstance(value, dict) else parent
        for name, one in inner:
            found |= secrets_of(one, path, name, above, depth + 1)
    elif _is_secret(value, path, key, parent):
        found |= spellings(value)
    return found


def _is_secret(value: Any, path: str, key: str, parent: str) -> bool:
    if value is None or isinstance(value, (bool, dict, list)):
        return False
    return bool(kind_of_secret(key, parent, path))


def spellings(secret: Any) -> set[str]:
    """How a text may quote a secret; none of one that is too short to be told from other words."""
    text = secret if isinstance(secret, str) else json.dumps(secret)
    return {text, repr(text)[1:-1], json.dumps(text)[1:-1]} if len(text) >= QUOTED_MIN else set()


def blank_text(text: str, known: Collection[str] = ()) -> str:
    """A text without the secrets of addresses in it, without private keys, and without known secrets."""
    if _PRIVATE_KEY in text:
        return BLANK
    for secret in known:
        if secret in text:
            text = text.replace(secret, BLANK)
    if "=" in text:
        text = _TOKEN_IN_TEXT.sub(rf"\1{BLANK}", text)
    return _CREDENTIALS_IN_TEXT.sub(rf"\1{BLANK}@", text) if "@" in text else text


def secrets_of_headers(headers: Iterable[tuple[str, str]]) -> set[str]:
    """The secrets of headers, as they are and as a text quotes them."""
    return {word for name, value in headers if name.lower() in SECRET_HEADERS for word in spellings(value)}


def blank_headers(headers: Iterable[tuple[str, str]], known: Collection[str] = ()) -> dict[str, str]:
    """Headers by name, without secrets; those of one name are joined by commas."""
    found: dict[str, str] = {}
    for name, value in headers:
        shown = BLANK if name.lower() in SECRET_HEADERS else blank_text(value, known)
        found[name] = f"{found[name]}, {shown}" if name in found else shown
    return found


def blank_url(url: str, route: str = "") -> str:
    """Path and query without secrets; `route` is the path's template, whose variables may be some."""
    path, mark, query = url.partition("?")
    names, parts = route.strip("/").split("/"), path.split("/")
    for place, name in enumerate(reversed(names), 1):
        if name.startswith("{") and kind_of_secret(name[1:-1]) and place <= len(parts):
            parts[-place] = BLANK
    path = "/".join(parts)
    if not mark:
        return path
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(key.lower() in SECRET_QUERY for key, _ in pairs):
        return f"{path}?{blank_text(query)}"
    shown = (f"{quote(key)}={BLANK if key.lower() in SECRET_QUERY else quote(value)}" for key, value in pairs)
    return f"{path}?{'&'.join(shown)}"

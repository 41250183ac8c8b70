"""Headers that hold a path: `container/object`, quoted. Source: swift.common.request_helpers.check_path_header."""

from __future__ import annotations

from urllib.parse import quote, unquote

from mopenstack.core.object_store.requests import HTML, refusal


def path_of(value: str, text: str, content_type: str = HTML) -> tuple[str, str]:
    """(container, object) that a header names; 412 with a text for what is no such path."""
    path = unquote(value).lstrip("/")
    container, slash, name = path.partition("/")
    if not slash or not container or not name:
        raise refusal(412, text, content_type=content_type)
    return container, name


def account_of(value: str) -> str:
    """The account that a header names; 412 for one that cannot be."""
    account = unquote(value)
    if not account:
        raise refusal(412, "Account name cannot be empty")
    if "/" in account:
        raise refusal(412, "Account name cannot contain slashes")
    return account


def normal_etag(value: str | None) -> str:
    """Without its quotes."""
    text = value or ""
    return text[1:-1] if len(text) > 1 and text.startswith('"') and text.endswith('"') else text


def quoted(text: str) -> str:
    """As Swift quotes names in what it reports."""
    return quote(text)

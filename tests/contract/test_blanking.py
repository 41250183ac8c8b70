"""What is shown of calls has no secrets, wherever they stand."""

from __future__ import annotations

from typing import Any

import pytest

from mopenstack.contract.blanking import (
    BLANK,
    DEPTH_MAX,
    blank_document,
    blank_headers,
    blank_text,
    blank_url,
    secrets_of,
    secrets_of_headers,
)


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        ({"adminPass": "x"}, {"adminPass": BLANK}),
        ({"a": [{"Private-Key": "x"}]}, {"a": [{"Private-Key": BLANK}]}),
        ({"password": None, "secret": True, "token": {"methods": ["x"]}}, None),
        (
            {"password": {"user": {"name": "n", "password": "x"}}},
            {"password": {"user": {"name": "n", "password": BLANK}}},
        ),
        ({"secrets": {"secret": ["x", "y"]}}, {"secrets": {"secret": [BLANK, BLANK]}}),
        ({"token": "x"}, {"token": BLANK}),
        ({"password": 12345}, {"password": BLANK}),
        ({"keys": ["-----BEGIN RSA PRIVATE KEY-----\nx"]}, {"keys": [BLANK]}),
        ({"url": "http://h/vnc?token=abc&x=1"}, {"url": f"http://h/vnc?token={BLANK}&x=1"}),
        ({"url": "amqp://user:pass@host/"}, {"url": f"amqp://user:{BLANK}@host/"}),
        ({"name": "secret", "n": 1.5, "b": False}, None),
    ],
)
def test_documents(document: Any, shown: Any) -> None:
    """By their keys, and by what texts look like; nothing else changes."""
    assert blank_document(document) == (document if shown is None else shown)


def test_keys_that_are_secrets_in_some_places() -> None:
    """Below some paths, or in a parent, alone."""
    login = {"identity": {"token": {"id": "x"}, "user": {"id": "y"}}}
    assert blank_document(login) == {"identity": {"token": {"id": BLANK}, "user": {"id": "y"}}}
    assert blank_document({"key": "x"}, path="/dns/v2/zones/tasks/transfer_accepts") == {"key": BLANK}
    assert blank_document({"key": "x"}, path="/compute/v2.1/flavors") == {"key": "x"}


def test_depth() -> None:
    """What is nested too deeply to be looked through is not shown."""
    nested: Any = {"password": "x"}
    for _ in range(DEPTH_MAX):
        nested = [nested]
    assert "x" not in str(blank_document(nested)).replace("redacted", "")


def test_quoted_secrets() -> None:
    """A refusal that quotes what it refuses does not tell it."""
    secrets = secrets_of({"credential": {"blob": 'it\'s "hush"', "password": "abc"}})
    for quoted in ('it\'s "hush"', repr('it\'s "hush"')[1:-1], 'it\'s \\"hush\\"'):
        assert blank_text(f"bad value {quoted}!", secrets) == f"bad value {BLANK}!"
    assert blank_text("abc", secrets) == "abc"  # too short: it would be blanked in other words


def test_headers_and_addresses() -> None:
    headers = [("X-Auth-Token", "token-1"), ("Accept", "a"), ("accept", "b"), ("Location", "/x?token=y")]
    assert blank_headers(headers) == {
        "X-Auth-Token": BLANK,
        "Accept": "a",
        "accept": "b",
        "Location": f"/x?token={BLANK}",
    }
    assert secrets_of_headers(headers) == {"token-1"}
    assert blank_url("/a/b?x=%20&y=1") == "/a/b?x=%20&y=1"
    assert blank_url("/a?temp_url_sig=abc&e=1 2") == f"/a?temp_url_sig={BLANK}&e=1%202"
    assert blank_url("/compute/v2.1/t/abc", "/v2.1/t/{console_token}") == f"/compute/v2.1/t/{BLANK}"
    console = "/consoles/novnc/vnc_lite.html?path=consoles%2Fnovnc%2Fwebsockify%3Ftoken%3D"
    assert blank_url(f"{console}abc") == f"{console}{BLANK}"
    assert blank_document({"url": f"http://h{console}abc"}) == {"url": f"http://h{console}{BLANK}"}

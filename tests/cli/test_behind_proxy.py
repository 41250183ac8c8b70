"""A proxy that speaks HTTPS in front of a cloud that does not."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.processes import detached


def _ask(url: str, **headers: str) -> tuple[int, Any]:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=named), timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, None


def _link(url: str, **headers: str) -> str:
    """The address of Keystone that its version document tells."""
    status, said = _ask(f"{url}/identity/v3", **headers)
    assert status == 200
    link: str = said["version"]["links"][0]["href"]
    return link


@pytest.mark.parametrize("believed", [True, False])
def test_the_scheme_is_the_proxy_s(tmp_path: Path, believed: bool) -> None:
    """Where it is believed at all; what it says is http or https, and kept answers are those of one scheme."""
    options = ["--behind-proxy"] if believed else []
    with detached(tmp_path, "--services", "identity", *options) as status:
        url = status["url"]
        place = f"{url.partition('://')[2]}/identity/v3"
        for _ in range(3):
            assert _link(url).rstrip("/") == f"http://{place}"
            told = _link(url, X_Forwarded_Proto="https").rstrip("/")
            assert told == (f"https://{place}" if believed else f"http://{place}")
            assert _link(url, X_Forwarded_Proto="gopher").rstrip("/") == f"http://{place}"
        # The page of the cloud itself may call its admin API: its origin is what the browser sees.
        origin = f"https://{url.partition('://')[2]}"
        answer, _ = _ask(f"{url}/_mopenstack/status", X_Forwarded_Proto="https", Origin=origin)
        assert answer == (200 if believed else 403)
        assert _ask(f"{url}/_mopenstack/status", X_Forwarded_Proto="https", Origin="https://example.org")[0] == 403

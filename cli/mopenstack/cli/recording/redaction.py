"""Secrets of exchanges, blanked: the same one is the same word wherever it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mopenstack.cli.recording.exchanges import Line, written
from mopenstack.contract.blanking import SECRET_HEADERS, SECRET_QUERY, kind_of_secret

PLACEHOLDER = re.compile(r"<([a-z_]+)-(\d+)>")
LENGTH_MIN = 8
"""A secret that is shorter is blanked where its key names it, and not looked for in other texts: it may be a word."""

_WHOLE = ("/v1/secrets/", "/v3/auth/", "/v3/OS-")
"""Where bodies that are no JSON are blanked whole: payloads of secrets, logins by a form."""
_QUERY = re.compile(rf"(?<=[?&])({'|'.join(map(re.escape, sorted(SECRET_QUERY)))})=([^&]+)", re.I)


class Redactor:
    """Knows every secret that it has seen, in memory alone."""

    def __init__(self) -> None:
        self._words: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def word(self, kind: str, secret: str) -> str:
        """What stands for a secret."""
        known = self._words.get(secret)
        if known is None:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            known = self._words[secret] = f"<{kind}-{number}>"
        return known

    def line(self, line: Line) -> str:
        """An exchange as it is written down."""
        path = line["path"]
        blanked = dict(line)
        blanked["path"] = _QUERY.sub(lambda found: f"{found[1]}={self.word('signature', found[2])}", path)
        for key in ("request_headers", "response_headers"):
            if line.get(key):
                blanked[key] = self._headers(line[key])
        for key in ("request", "response"):
            if key in line:
                blanked[key] = self._document(line[key], path)
        text = written(blanked)
        for secret, word in self._words.items():
            if len(secret) >= LENGTH_MIN:
                inside = json.dumps(secret, ensure_ascii=False)[1:-1]
                if inside in text:
                    text = text.replace(inside, word)
        return text

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {
            name: self.word(SECRET_HEADERS[name.lower()], value) if name.lower() in SECRET_HEADERS else value
            for name, value in headers.items()
        }

    def _document(self, value: Any, path: str, key: str = "", parent: str = "") -> Any:
        if isinstance(value, dict):
            return {name: self._document(inner, path, name, key) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._document(inner, path, key, parent) for inner in value]
        if isinstance(value, str) and value and (kind := _kind(key, parent, path)):
            return self.word(kind, value)
        return value


def _kind(key: str, parent: str, path: str) -> str:
    """What kind of secret a key holds; "" where it holds none."""
    if key == "__text__" and path.startswith(_WHOLE):
        return "payload"
    return kind_of_secret(key, parent, path)

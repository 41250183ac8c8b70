"""One request as it is mutated, shrunk, stored and sent.

A text may hold references, `{{...}}`: to what an earlier request of the same round was answered (`{{17:network.id}}`),
and to what each round begins with (`{{member.token}}`, `{{member.project}}`, `{{member.user}}`, `{{cloud}}`). So a
round can be repeated, in part too, in a cloud whose ids are others. Texts hold any bytes, as surrogate escapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

REFERENCE = re.compile(r"\{\{([a-z0-9_.:\-]+)\}\}", re.IGNORECASE)
NOWHERE = "00000000-0000-4000-8000-00000000dead"
"""What stands for the id of an object that was not made."""
CHUNK_BYTES = 7
CHUNKS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Damage:
    """A change of the bytes on the wire: `how` is cut, flip, insert or remove, `at` a share of their length."""

    how: str
    at: float
    text: str = ""

    def apply(self, data: bytes) -> bytes:
        """The bytes with this change."""
        place = int(len(data) * self.at)
        if self.how == "cut":
            return data[:place]
        if self.how == "insert":
            return data[:place] + to_bytes(self.text) + data[place:]
        if self.how == "remove":
            return data[:place] + data[place + 1 :]
        return data[:place] + bytes([data[place] ^ 0x15]) + data[place + 1 :] if place < len(data) else data


@dataclass(frozen=True, slots=True)
class Shot:
    """A request: `path` without the cloud's prefix, `query` its raw pieces, `framing` length, chunked or none."""

    verb: str
    path: str
    query: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None
    framing: str = "length"
    version: str = "HTTP/1.1"
    newline: str = "\r\n"
    pipelined: int = 0
    """How many plain GETs of the API's root follow on the heels of the request."""
    damage: tuple[Damage, ...] = ()
    operation: str = ""
    """What it was before mutations: verb and path template."""

    @property
    def whole(self) -> bool:
        """Whether it is a request of HTTP from beginning to end, so that an answer is due."""
        framed = {name.lower() for name, _ in self.headers} & {"content-length", "transfer-encoding"}
        plain = self.newline == "\r\n" and " " not in self.path and self.verb != "CONNECT"
        return plain and not self.damage and not framed

    def filled(self, known: Mapping[str, str]) -> Shot:
        """References replaced by what is known."""

        def fill(text: str) -> str:
            return REFERENCE.sub(lambda found: known.get(found[1], NOWHERE), text)

        return replace(
            self,
            path=fill(self.path),
            query=tuple(map(fill, self.query)),
            headers=tuple((name, fill(value)) for name, value in self.headers),
            body=None if self.body is None else fill(self.body),
        )

    def references(self) -> set[int]:
        """The numbers of the requests whose answers this one needs."""
        texts = (self.path, *self.query, *(value for _, value in self.headers), self.body or "")
        found = {name for text in texts for name in REFERENCE.findall(text)}
        return {int(name.partition(":")[0]) for name in found if name.partition(":")[0].isdigit()}

    def wire(self, host: str, prefix: str = "") -> bytes:
        """The bytes to send; `prefix` is the cloud's."""
        target = prefix + self.path + ("?" + "&".join(self.query) if self.query else "")
        given = {name.lower() for name, _ in self.headers}
        lines = [f"{self.verb} {target} {self.version}"]
        if "host" not in given:
            lines.append(f"Host: {host}")
        lines += [f"{name}: {value}" for name, value in self.headers]
        body = to_bytes(self.body or "")
        if self.framing == "chunked":
            if "transfer-encoding" not in given:
                lines.append("Transfer-Encoding: chunked")
            size = max(CHUNK_BYTES, len(body) // CHUNKS_MAX)
            pieces = [body[at : at + size] for at in range(0, len(body), size)]
            body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        elif self.framing == "length" and self.body is not None and "content-length" not in given:
            lines.append(f"Content-Length: {len(body)}")
        data = to_bytes(self.newline.join([*lines, "", ""])) + body
        for damage in self.damage:
            data = damage.apply(data)
        root = "/" + self.path.strip("/").partition("/")[0]
        return data + to_bytes(f"GET {prefix}{root} HTTP/1.1\r\nHost: {host}\r\n\r\n") * self.pipelined

    def as_json(self) -> dict[str, Any]:
        """Plain values, for a file."""
        return asdict(self)


def shot_from_json(value: Mapping[str, Any]) -> Shot:
    """What `as_json` made."""
    given = dict(value)
    given["query"] = tuple(given.get("query", ()))
    given["headers"] = tuple((name, text) for name, text in given.get("headers", ()))
    given["damage"] = tuple(Damage(**one) for one in given.get("damage", ()))
    return Shot(**given)


def to_bytes(text: str) -> bytes:
    """A text with its surrogate escapes as the bytes they are; other lone surrogates as UTF-8 would have them."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")

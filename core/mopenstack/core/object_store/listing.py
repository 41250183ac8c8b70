"""Lists of containers and objects: the part that a query asks for, and its forms.

Source: swift.common.middleware.listing_formats.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from mopenstack.core.object_store.limits import LISTING_LIMIT
from mopenstack.core.object_store.requests import Request, is_true, refusal

JSON, TEXT, XML, OLD_XML = "application/json", "text/plain", "application/xml", "text/xml"
FORMATS = {"plain": TEXT, "json": JSON, "xml": XML}
PIECE = 1000
"""Entries that are written at once."""
_LAST = "\U0010ffff"

Entry = dict[str, Any]
"""One line of a list: `{"name": ...}` with what is known of it, or `{"subdir": ...}`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a query asks of a list."""

    prefix: str | None
    delimiter: str
    path: str | None
    marker: str
    end_marker: str
    reverse: bool
    limit: int

    @property
    def plain(self) -> bool:
        return not self.delimiter and self.path is None


def asked(req: Request, names: Sequence[str] = ("prefix", "delimiter", "marker", "end_marker", "path")) -> Asked:
    """The part of a list that a request asks for; refuses limits past the largest."""
    query = req.query
    limit = LISTING_LIMIT
    given = query.get("limit", "")
    if given.isdecimal() and len(given) < 19:
        limit = int(given)
    if limit > LISTING_LIMIT:
        raise refusal(412, f"Maximum limit is {LISTING_LIMIT}")
    for name in names:
        if "\ufffd" in query.get(name, ""):
            raise refusal(400, f'"{name}" parameter not valid UTF-8', content_type=TEXT)
    path = query.get("path")
    prefix = query.get("prefix")
    delimiter = query.get("delimiter", "")
    if path is not None:
        prefix = path = f"{path.rstrip('/')}/" if path else ""
        delimiter = "/"
    marker, end_marker = query.get("marker", ""), query.get("end_marker", "")
    return Asked(prefix, delimiter, path, marker, end_marker, is_true(query.get("reverse")), limit)


def format_of(req: Request) -> str:
    """The media type that a request asks for, by `format` or by its Accept header; 406 for none of ours."""
    named = req.query.get("format")
    if named:
        return FORMATS.get(named.lower(), TEXT)
    accept = req.headers.get("accept", "")
    if not accept.strip():
        return TEXT
    return _best(accept)


def _best(accept: str) -> str:
    found = best(accept, (TEXT, JSON, XML, OLD_XML))
    if found is None:
        raise refusal(400, "Invalid Accept header")
    if not found:
        raise refusal(406)
    return found


def best(accept: str, offers: Sequence[str]) -> str | None:
    """The offer that an Accept header likes most (swift.common.swob.Accept.best_match).

    Empty where it takes none of them, None for a header that cannot be read.
    """
    if not accept.strip():
        return offers[0]
    wanted: list[tuple[str, str, float]] = []
    for part in accept.split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        main, slash, sub = kind.partition("/")
        if not slash or not main or not sub or " " in kind:
            return None
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = float(value.strip(' "'))
                except ValueError:
                    return None
        if quality > 0:
            wanted.append((main, sub, quality))
    wanted.sort(key=lambda one: (one[1] == "*") + (one[0] == "*"))
    wanted.sort(key=lambda one: one[2], reverse=True)
    for main, sub, _ in wanted:
        for offer in offers:
            head, _, tail = offer.partition("/")
            if main in ("*", head) and sub in ("*", tail):
                return offer
    return ""


def bounds(ask: Asked) -> tuple[str, str]:
    """low <= name < high."""
    marker, end = (ask.end_marker, ask.marker) if ask.reverse else (ask.marker, ask.end_marker)
    low = ask.prefix or ""
    high = next_behind(ask.prefix) if ask.prefix else _LAST
    if marker and marker >= low:
        low = marker + "\x01"
    if end and end < high:
        high = end
    return low, high


def next_behind(prefix: str) -> str:
    """The first text behind all that begin with a prefix."""
    last = ord(prefix[-1]) + 1
    return prefix[:-1] + chr(0xE000 if 0xD800 <= last <= 0xDFFF else min(last, 0x10FFFF))


# -- forms


async def rendered(found: list[Entry], form: str, document: str, name: str) -> bytes:
    """The list in a form; long ones are made in slices, others are answered between them."""
    write = _WRITERS[form]
    parts = []
    for place in range(0, len(found), PIECE):
        parts.append(write(found[place : place + PIECE], document))
        await asyncio.sleep(0)
    if form == JSON:
        return b"[" + b", ".join(parts) + b"]"
    if form == TEXT:
        return b"".join(parts)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{document} name={_attribute(name)}>'
    break_ = "\n" if document == "account" else ""
    return (head + break_).encode() + b"".join(parts) + f"</{document}>".encode()


def _json(found: list[Entry], document: str) -> bytes:
    return json.dumps(found).encode()[1:-1]


def _text(found: list[Entry], document: str) -> bytes:
    return "".join(f"{entry.get('name', entry.get('subdir'))}\n" for entry in found).encode()


_CONTAINER_FIELDS = ("name", "count", "bytes", "last_modified", "storage_policy")
_OBJECT_FIELDS = ("name", "hash", "bytes", "content_type", "last_modified")


def _xml(found: list[Entry], document: str) -> bytes:
    fields, tag, tail = _CONTAINER_FIELDS, "container", "\n"
    if document == "container":
        fields, tag, tail = _OBJECT_FIELDS, "object", ""
    lines = []
    for entry in found:
        if "subdir" in entry:
            name = entry["subdir"]
            inner = f"><name>{escape(name)}</name></subdir>" if document == "container" else " />"
            lines.append(f"<subdir name={_attribute(name)}{inner}{tail}")
        else:
            inner = "".join(f"<{key}>{escape(str(entry[key]))}</{key}>" for key in fields if key in entry)
            lines.append(f"<{tag}>{inner}</{tag}>{tail}")
    return "".join(lines).encode()


def _attribute(text: str) -> str:
    return quoteattr(text, {'"': "&quot;"})


_WRITERS: Mapping[str, Callable[[list[Entry], str], bytes]] = {JSON: _json, TEXT: _text, XML: _xml, OLD_XML: _xml}


async def nothing() -> AsyncIterator[bytes]:
    """A body without bytes."""
    return
    yield

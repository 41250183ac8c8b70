"""The format of recordings: a line of JSON an exchange. This is its one reader and writer.

    op                method and path, `{id}` for what names an object
    service           catalog type of the API; recordings of one service alone may leave it out
    as                role of the token: admin, member, reader, anonymous; service-or-invalid: none that is known
    path              as it was sent, from the root of the service; empty where that has no slash
    situation         what the call was meant to show, in recordings that were made by hand
    microversion      as it was sent ("compute 2.96")
    request_headers, response_headers    what matters of them
    request, response JSON; `{"__text__": ...}` text, `{"__bytes__": n}` so many bytes; null: empty
    cut               full length of lists that were shortened, by their place
    status, ms        the answer's status, and how long it took

Secrets are `<token-1>`, `<password-2>` and the like, the same secret the same word; addresses of services are
`{compute}` and the like. A file may be compressed with xz (`.xz`).
"""

from __future__ import annotations

import json
import lzma
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

LINE_BYTES_MAX = 16 * 1024**2
CHUNK = 1024**2
QCOW2 = b"QFI\xfb" + (2).to_bytes(4) + bytes(16) + (1 << 30).to_bytes(8)
"""The head of bytes that stand for those that were sent: of an image of 1 GB."""

OWN_HEADERS = {"shared-file-system": "X-OpenStack-Manila-API-Version"}
"""The header of the microversion, of services that do not read `OpenStack-API-Version`."""

Line = dict[str, Any]
_NEEDED = {"op": str, "path": str, "as": str, "status": int}


class BadRecording(Exception):
    """A file that is no recording; says which line and why."""


def read_lines(path: Path, replaced: Mapping[str, str] | None = None) -> Iterator[Line]:
    """The lines of a file, with texts replaced by others; raises BadRecording."""
    with lzma.open(path, "rb") if path.suffix == ".xz" else path.open("rb") as file:
        number = 0
        while line := _next(file, f"{path.name}, line {number + 1}"):
            number += 1
            if not line.strip():
                continue
            try:
                text = line.decode()
                for old, new in (replaced or {}).items():
                    text = text.replace(old, new)
                found = json.loads(text)
            except ValueError as error:
                raise BadRecording(f"{path.name}, line {number}: {error}") from None
            if not isinstance(found, dict):
                raise BadRecording(f"{path.name}, line {number}: it is no JSON object")
            yield found


def _next(file: Any, place: str) -> bytes:
    try:
        line: bytes = file.readline(LINE_BYTES_MAX + 1)
    except (lzma.LZMAError, EOFError) as error:
        raise BadRecording(f"{place}: {error}") from None
    if len(line) > LINE_BYTES_MAX:
        raise BadRecording(f"{place}: a line has at most {LINE_BYTES_MAX // 1024**2} MiB")
    return line


def read_exchanges(path: Path) -> Iterator[Line]:
    """The exchanges of a recording; raises BadRecording for a line that is none."""
    for number, line in enumerate(read_lines(path), 1):
        for key, kind in _NEEDED.items():
            if not isinstance(line.get(key), kind):
                raise BadRecording(f"{path.name}, exchange {number}: `{key}` is missing, or no {kind.__name__}")
        for key in ("request_headers", "response_headers", "cut"):
            if not isinstance(line.get(key) or {}, dict):
                raise BadRecording(f"{path.name}, exchange {number}: `{key}` is no object")
        if line["path"] and line["path"][0] not in "/?":
            raise BadRecording(f"{path.name}, exchange {number}: its path begins with no slash")
        yield line


def written(line: Line) -> str:
    """A line as it stands in a file."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def verb_of(line: Line) -> str:
    """The method of an exchange."""
    return str(line["op"].partition(" ")[0])


def headers_of(line: Line) -> dict[str, str]:
    """The headers of a request, without its token and the length of its body."""
    headers = {"Accept": "application/json", **(line.get("request_headers") or {})}
    headers.pop("X-Auth-Token", None)
    asked = str(line.get("microversion") or "")
    if asked.startswith("nova-header"):
        headers["X-OpenStack-Nova-API-Version"] = asked.partition(" ")[2]
    elif asked:
        headers["OpenStack-API-Version"] = asked
        service, _, version = asked.partition(" ")
        if service in OWN_HEADERS:
            headers.setdefault(OWN_HEADERS[service], version)
    if line.get("request") is not None or "request" in line:
        headers.setdefault("Content-Type", "application/json")
    return headers


def body_of(line: Line) -> bytes | AsyncIterator[bytes] | None:
    """The body of a request: bytes that were not recorded are the head of an image and zeros."""
    request = line.get("request")
    if isinstance(request, dict) and "__bytes__" in request:
        size = int(request["__bytes__"])
        return (QCOW2 + bytes(size))[:size] if size <= CHUNK else _zeros(size)
    if isinstance(request, dict) and "__text__" in request:
        return str(request["__text__"]).encode()
    return json.dumps(request).encode() if "request" in line else None


async def _zeros(size: int) -> AsyncIterator[bytes]:
    yield QCOW2
    for start in range(len(QCOW2), size, CHUNK):
        yield bytes(min(CHUNK, size - start))


def document_of(content: bytes, content_type: str) -> Any:
    """A body as a line holds it."""
    if not content:
        return None
    if content_type.partition(";")[0].strip().endswith("json"):
        try:
            return json.loads(content)
        except ValueError:
            pass
    try:
        return {"__text__": content.decode(), "__len__": len(content)}
    except UnicodeDecodeError:
        return {"__bytes__": len(content)}

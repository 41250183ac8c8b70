"""The manifest of a static large object: what a client writes, and what is kept.

Source: swift.common.middleware.slo.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any
from urllib.parse import quote

from mopenstack.core.object_store import conditions
from mopenstack.core.object_store.requests import Request, refusal

SEGMENTS_MAX = 1000
MANIFEST_BYTES_MAX = 8 * 1024 * 1024
_PATH_KEYS = {"path", "range", "etag", "size_bytes"}

Entry = dict[str, Any]


def parse(text: bytes, req: Request) -> list[Entry]:
    """The entries of a manifest; refuses what is none, with a line for each entry that is wrong."""
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        raise refusal(400, "Manifest must be valid JSON.\n") from None
    if not isinstance(entries, list):
        raise refusal(400, "Manifest must be a list.\n")
    errors = []
    for index, entry in enumerate(entries):
        wrong = _wrong(entry, req, is_last=index == len(entries) - 1)
        if wrong:
            errors.append(f"Index {index}: {wrong}\n")
    if entries and all(isinstance(entry, dict) and "data" in entry for entry in entries):
        errors.append("Inline data segments require at least one object-backed segment.\n")
    if errors:
        raise refusal(400, "".join(errors), content_type="text/plain")
    if sum("path" in entry for entry in entries) > SEGMENTS_MAX:
        raise refusal(413, f"Number of object-backed segments must be <= {SEGMENTS_MAX}")
    return entries


def _wrong(entry: Any, req: Request, *, is_last: bool) -> str:
    if not isinstance(entry, dict):
        return "not a JSON object"
    if "data" in entry:
        allowed = {"data"}
    elif "path" in entry:
        allowed = _PATH_KEYS
    else:
        return "expected keys to include one of 'data' or 'path'"
    extra = sorted(key for key in entry if key not in allowed)
    if extra:
        return f"extraneous keys {', '.join(json.dumps(key) for key in extra)}"
    return _wrong_data(entry) if "data" in entry else _wrong_path(entry, req, is_last=is_last)


def _wrong_data(entry: Entry) -> str:
    try:
        data = base64.b64decode(_padded(entry["data"]), validate=True)
    except (ValueError, TypeError, binascii.Error):
        return "data must be valid base64"
    if not data:
        return "too small; each segment must be at least 1 byte."
    entry["data"] = base64.b64encode(data).decode()
    return ""


def _padded(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError
    text = text.strip()
    bare = text.rstrip("=")
    return f"{bare}{'=' * (-len(bare) % 4)}"


def _wrong_path(entry: Entry, req: Request, *, is_last: bool) -> str:
    path = entry["path"]
    if not isinstance(path, str):
        return '"path" must be a string'
    if not (entry.get("etag") is None or isinstance(entry["etag"], str)):
        return '"etag" must be a string or null (if provided)'
    if "/" not in path.strip("/"):
        return "path does not refer to an object. Path must be of the form /container/object."
    size = entry.get("size_bytes")
    if size is not None:
        try:
            size = entry["size_bytes"] = int(size)
        except (TypeError, ValueError, OverflowError):
            return "invalid size_bytes"
        if size < 1 and not is_last:
            return "too small; each segment must be at least 1 byte."
    if f"{req.account}/{path.lstrip('/')}" == f"{req.account}/{req.container}/{req.name}":
        return "manifest must not include itself as a segment"
    if entry.get("range"):
        return _wrong_range(entry, size)
    return ""


def _wrong_range(entry: Entry, size: int | None) -> str:
    parsed = conditions.parse(f"bytes={entry['range']}")
    if parsed is None:
        return "invalid range"
    if len(parsed) > 1:
        return "multiple ranges (only one allowed)"
    if size is not None and not conditions.ranges(f"bytes={entry['range']}", size):
        return "unsatisfiable range"
    return ""


def settle(entry: Entry, found: Entry, *, may_be_empty: bool) -> tuple[int, Entry, list[list[str]]]:
    """(length, what is kept, problems) of an entry whose object was `found`."""
    path, size = quote(entry["path"]), found["bytes"]
    problems, length = [], size
    if entry.get("range"):
        wanted = conditions.ranges(f"bytes={entry['range']}", size)
        if not wanted:
            problems.append([path, "Unsatisfiable Range"])
        elif wanted == [(0, size)]:
            del entry["range"]
        else:
            start, end = wanted[0]
            entry["range"] = f"{start}-{end - 1}"
            length = end - start
    if length < 1 and not may_be_empty:
        problems.append([path, "Too small; each segment must be at least 1 byte."])
    if entry.get("size_bytes") is not None and entry["size_bytes"] != size:
        problems.append([path, "Size Mismatch"])
    if entry.get("etag") is not None and entry["etag"] != found["hash"]:
        problems.append([path, "Etag Mismatch"])
    kept = {"name": f"/{entry['path'].lstrip('/')}", **found}
    if entry.get("range"):
        kept["range"] = entry["range"]
    return length, kept, problems


def etag_of(entries: list[Entry]) -> str:
    """The ETag of the whole: the MD5 of those of its segments."""
    digest = hashlib.md5(usedforsecurity=False)
    for entry in entries:
        if "data" in entry:
            part = hashlib.md5(base64.b64decode(entry["data"]), usedforsecurity=False).hexdigest()
        elif entry.get("range"):
            part = f"{entry['hash']}:{entry['range']};"
        else:
            part = entry["hash"]
        digest.update(part.encode())
    return digest.hexdigest()


def length_of(entry: Entry) -> int:
    """How many bytes a kept entry stands for."""
    if "data" in entry:
        return len(base64.b64decode(entry["data"]))
    if entry.get("range"):
        start, end = entry["range"].split("-")
        return int(end) - int(start) + 1
    return int(entry["bytes"])


def as_written(entries: list[Entry]) -> list[Entry]:
    """What a client could write to get the same."""
    found = []
    for entry in entries:
        if "data" in entry:
            found.append(entry)
            continue
        one = {"path": entry["name"], "size_bytes": entry["bytes"], "etag": entry["hash"]}
        if "range" in entry:
            one["range"] = entry["range"]
        found.append(one)
    return found

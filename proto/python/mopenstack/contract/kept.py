"""What a start makes and the next one would make again, kept as files in the user's cache folder.

A file is only an answer to "what came of this very code?": its key is made of the code (paths, times and sizes of the
source files), of the versions of Python and protobuf, and of what else the maker names. What is damaged, what belongs
to somebody else or what others may write to is as good as not there, and so is a folder that cannot be written.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import google.protobuf

FILES_MAX = 12
"""Files of one name that stay; the oldest go."""
BYTES_MAX = 64 * 1024**2
_FORM = b"mopenstack kept 1\n"
_DIGEST = hashlib.sha256().digest_size
_SOURCES = (".py", ".yaml", ".proto", ".binpb")
_LEFT_OUT = frozenset({"__pycache__", "cli", "conformance", "testing"})
"""Folders below a package that no service is made of."""
VARIABLE = "MOPENSTACK_CACHE"
"""Names the folder, in place of the user's cache folder; empty: nothing is kept."""


def folder() -> Path | None:
    """Where files are kept; None: nowhere."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    from platformdirs import user_cache_path

    with suppress(RuntimeError, OSError):  # a user without a home
        return user_cache_path("mopenstack", appauthor=False)
    return None


def key_of(*parts: object) -> str:
    """The key of what comes of these parts, in hex."""
    return hashlib.sha256(repr((_FORM, sys.version, google.protobuf.__version__, parts)).encode()).hexdigest()


def read(name: str, key: str) -> bytes | None:
    """What was kept under a name for a key; None where there is nothing that can be trusted."""
    place = folder()
    if place is None:
        return None
    try:
        with open(_path(place, name, key), "rb", opener=_opened) as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
            data = file.read(BYTES_MAX)
    except OSError:
        return None
    head, body = _FORM + key.encode(), data[len(_FORM) + len(key) + _DIGEST :]
    if data[: len(head)] != head or data[len(head) : len(head) + _DIGEST] != hashlib.sha256(body).digest():
        return None
    return body


def write(name: str, key: str, body: bytes) -> None:
    """Keep something under a name for a key, if that can be done."""
    place = folder()
    if place is None or len(body) >= BYTES_MAX - 4096:
        return
    path = _path(place, name, key)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with open(scratch, "xb", opener=_opened) as file:
                file.write(_FORM + key.encode() + hashlib.sha256(body).digest() + body)
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)
        _forget_oldest(place, name)
    except OSError:
        pass


def _path(place: Path, name: str, key: str) -> Path:
    return place / f"{name}-{key[:32]}"


def _opened(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _forget_oldest(place: Path, name: str) -> None:
    found = sorted(place.glob(f"{name}-*"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in found[FILES_MAX:]:
        path.unlink(missing_ok=True)


@cache
def code_of(packages: tuple[str, ...]) -> str:
    """The key of the source files of some packages."""
    roots = dict.fromkeys(root for name in packages if name for root in _roots(name))
    return key_of(*(row for root in roots for row in sorted(_files(root))))


def _roots(package: str) -> list[str]:
    module = sys.modules.get(package)
    if module is not None:
        return list(getattr(module, "__path__", [])) or [str(module.__file__)]
    spec = importlib.util.find_spec(package)
    if spec is None:
        return []
    return list(spec.submodule_search_locations or []) or [str(spec.origin)]


def _files(root: str) -> Iterator[tuple[str, int, int]]:
    """(path, time, size) of every source file below a folder; of a file itself."""
    if not os.path.isdir(root):
        yield row(root, os.stat(root))
        return
    folders = [root]
    while folders:
        with os.scandir(folders.pop()) as found:
            for entry in found:
                if entry.name.endswith(_SOURCES):
                    # What stands in generated modules of stubs is no part of a service.
                    if not entry.name.endswith("_pb2_grpc.py"):
                        yield row(entry.path, entry.stat())
                elif "." not in entry.name and entry.name not in _LEFT_OUT and entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)


def row(path: str, found: os.stat_result) -> tuple[str, int, int]:
    """(path, time, size) of a file."""
    return path, found.st_mtime_ns, found.st_size

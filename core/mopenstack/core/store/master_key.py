"""The key that payloads at rest are encrypted with: 32 bytes that no store holds.

It is read when it is first asked for: from the environment variable MOPENSTACK_MASTER_KEY (base64, as `openssl rand
-base64 32` makes it), else from the file `master.key` beside the database or the bytes of the clouds, which is made
with mode 0600 where there is none. Processes that share a PostgreSQL share its key: by the variable, or by the folder
that they share for bytes. Clouds that are kept in memory alone have a key of the process, which ends with it.

Whoever has the database, or a copy of it, reads no payload; whoever has the file too, does. A backup of a folder that
is to be restored needs both.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from functools import cached_property
from pathlib import Path

VARIABLE = "MOPENSTACK_MASTER_KEY"
FILE = "master.key"
KEY_BYTES = 32


class BadMasterKey(Exception):
    """What is given as the master key is none."""


class MasterKey:
    """`folder` is where its file is; None: nowhere."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @property
    def is_used(self) -> bool:
        """Whether the key was asked for."""
        return "value" in vars(self)

    @cached_property
    def value(self) -> bytes:
        """The key; raises BadMasterKey, and OSError for a file that can be neither read nor made."""
        given = os.environ.get(VARIABLE)
        if given:
            return _read(given, VARIABLE)
        if self._folder is None:
            return secrets.token_bytes(KEY_BYTES)
        path = self._folder / FILE
        if not path.exists():
            _make(path)
        return _read(path.read_text(), str(path))


def _read(text: str, where: str) -> bytes:
    try:
        found = base64.b64decode(text.strip(), altchars=b"-_" if {"-", "_"} & set(text) else None, validate=True)
    except binascii.Error:
        found = b""
    if len(found) != KEY_BYTES:
        raise BadMasterKey(f"{where} holds no {KEY_BYTES} bytes in base64.")
    return found


def _make(path: Path) -> None:
    """A new key; the one of another process that is faster stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()

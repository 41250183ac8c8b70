"""The running mopenstack, as tests reach it: clouds are made here."""

from __future__ import annotations

import hashlib
import re
import secrets
import ssl
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mopenstack.cli.credentials import Credentials, identity_url
from mopenstack.cli.json_client import ADMIN, JsonClient, Refused
from mopenstack.testing.cloud import Cloud

NOT_FOUND, CONFLICT = 404, 409
NAME_MAX = 40


class Mopenstack:
    """A process that serves clouds, at `url`.

    `near` is where this machine reaches it, if that is not `url`; `trusted` a certificate that it may show, and `ca`
    the file that clients must trust; `token` its admin token, if it needs one.
    """

    def __init__(self, url: str, near: str = "", trusted: str = "", ca: str = "", token: str = "") -> None:
        self.url = url.rstrip("/")
        self._near, self._ca = (near or url).rstrip("/"), ca
        self._context = _trusting(trusted) if trusted else None
        self._admin = JsonClient(self._near + ADMIN, self._context, token)

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        """A call of the admin API below `/_mopenstack`: `ask("GET", "/status")`; raises Refused and OSError."""
        return self._admin.ask(verb, path, body)

    def cloud(
        self,
        folder: Path,
        name: str = "",
        *,
        profile: str | None = None,
        seed: int | str | Path | None = None,
        snapshot: str | Path | None = None,
        options: Mapping[str, str | int | bool] | None = None,
    ) -> Cloud:
        """A fresh cloud, until it is closed; what it needs of files is in `folder`.

        `profile` says how long transitions take (instant, realistic, manual); with the same number as `seed` the ids
        of its resources are the same in every run, and a file as `seed` is what it holds instead of the usual;
        `snapshot` is what it begins with, the name of one or a file; `options` are those of `mopenstack cloud options`.
        """
        full = cloud_name(name)
        asked = {
            "name": full,
            "profile": profile,
            "seed": seed if isinstance(seed, int) else None,
            "seed_calls": _calls(Path(seed)) if isinstance(seed, str | Path) else None,
            "source": None if snapshot is None else self._source(snapshot),
            "options": _words(options) if options else None,
        }
        self.ask("POST", "/clouds", {key: value for key, value in asked.items() if value is not None})
        return self.open(full, folder)

    def open(self, name: str, folder: Path) -> Cloud:
        """A cloud that there is."""
        near = identity_url(self._near, name)
        return Cloud(self, name, Credentials(identity_url(self.url, name), near, self._context, self._ca), folder)

    def delete(self, name: str) -> None:
        """Delete a cloud, if it is still there."""
        with suppress(Refused):
            self.ask("DELETE", f"/clouds/{name}")

    def close(self) -> None:
        """Close the connection; the process goes on."""
        self._admin.close()

    def _source(self, snapshot: str | Path) -> str:
        """The name of a snapshot, which a file has once it was taken from there."""
        file = Path(snapshot)
        if isinstance(snapshot, str) and not file.suffix and len(file.parts) == 1:
            return snapshot
        with file.open("rb") as opened:
            name = f"file-{hashlib.file_digest(opened, 'sha256').hexdigest()[:32]}"
        try:
            self.ask("GET", f"/snapshots/{name}")
        except Refused as refused:
            if refused.status != NOT_FOUND:
                raise
            self._take(name, file)
        return name

    def _take(self, name: str, file: Path) -> None:
        try:
            self._admin.send(f"/snapshots/{name}/file", file)
        except Refused as refused:
            if refused.status != CONFLICT:  # another worker was faster
                raise


def cloud_name(test: str) -> str:
    """A name that no other cloud has, and that tells of which test it is."""
    words = re.sub(r"[^a-z0-9]+", "-", test.lower().removeprefix("test"))[:NAME_MAX].strip("-")
    return f"{words or 'test'}-{secrets.token_hex(5)}"


def _calls(seed: Path) -> list[Any]:
    """The calls of a seed; what is wrong with one the server says."""
    import yaml

    calls = yaml.safe_load(seed.read_bytes())
    return calls if isinstance(calls, list) else [calls]


def _words(options: Mapping[str, str | int | bool]) -> dict[str, str]:
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in options.items()}


def _trusting(cert: str) -> ssl.SSLContext:
    from mopenstack.cli.tls import trusting

    return trusting(cert)

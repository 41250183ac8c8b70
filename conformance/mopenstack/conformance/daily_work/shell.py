"""The command line as one user, and what a case of its daily work is."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mopenstack.conformance.cloud import Account
from mopenstack.conformance.features import Features

PREFIX = "conformance"
"""With which the names of what the cases make begin."""


class Unexpected(Exception):
    """The command line did not say what it must."""


@dataclass
class Shell:
    """The command line as one user, and what earlier cases have learnt."""

    executable: Path
    account: Account
    folder: Path
    seconds: float
    features: Features
    known: dict[str, Any] = field(default_factory=dict)

    def text(self, *arguments: str, fails: bool = False) -> str:
        """What a command says; with `fails` it must end with an error, and that is returned."""
        done = subprocess.run(  # noqa: S603
            [str(self.executable), *arguments],
            env=self.account.environment(HOME=str(self.folder), SHELL="/bin/sh"),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=self.seconds,
            check=False,
        )
        if (done.returncode != 0) is not fails:
            raise Unexpected(f"openstack {' '.join(arguments)}: exit {done.returncode}: {done.stderr}{done.stdout}")
        return done.stderr if fails else done.stdout

    def show(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        said = self.text(*arguments, "-f", "json")
        try:
            return json.loads(said)
        except ValueError as error:
            raise Unexpected(f"openstack {' '.join(arguments)} printed no JSON: {said!r}") from error

    def listed(self, *arguments: str) -> dict[str, Any]:
        """A list as name to row."""
        return {row["Name"]: row for row in self.show(*arguments)}


@dataclass(frozen=True)
class Case:
    """One command, or a few that belong together, with its checks."""

    name: str
    service: str
    run: Callable[[Shell], None]
    needs: tuple[str, ...] = ()
    negative: bool = False
    always: bool = False
    """Whether it is run on a cloud that lacks its service."""


def must(condition: bool, what: str) -> None:
    """A check that says what was wrong."""
    if not condition:
        raise Unexpected(what)

"""The admin token as the command line keeps it: in a file that the user alone reads, never in a process list."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mopenstack.cli import state
from mopenstack.cli.output import fail
from mopenstack.contract.admin_access import TOKEN_MIN, VARIABLE, listens_wide, new_token

SERVICE_PASSWORD_VARIABLE = "MOPENSTACK_SERVICE_PASSWORD"  # noqa: S105  # the name of a variable
"""What says the password of the user by which a service asks a real Keystone."""


def checked(given: str | None) -> str:
    """A token that was given, or none; ends the command for one that is too easily guessed or fits into no header."""
    if given and (len(given) < TOKEN_MIN or not given.isascii() or not given.isprintable() or " " in given):
        raise fail(f"An admin token has at least {TOKEN_MIN} printable ASCII characters and no spaces.")
    return given or ""


def chosen(given: str | None, host: str) -> str:
    """The token of a cloud that listens at a host: the given one, a new one, or none where none is needed."""
    return checked(given) or (new_token() if listens_wide(host) else "")


def file() -> Path:
    """Where the token of the running cloud is."""
    return state.folder() / "admin-token"


def write(token: str) -> None:
    """Keep the token for other commands of this user; forget an earlier one where there is none."""
    file().unlink(missing_ok=True)
    if token:
        with os.fdopen(os.open(file(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
            kept.write(token)


def read() -> str:
    """The token to show to the running cloud: the environment's, else the kept one; empty where there is none."""
    try:
        return os.environ.get(VARIABLE) or file().read_text().strip()
    except OSError:
        return ""


Secrets = dict[str, tuple[str, str | None]]
"""Option -> (its variable, its value), of options that every user of the machine could read in the process list."""


def command(secrets: Secrets, *leave_out: str) -> tuple[list[str], dict[str, str]]:
    """This very command without secrets and flags to leave out, and the environment that has the secrets instead."""
    kept: list[str] = []
    skip = False
    for argument in sys.argv[1:]:
        if not skip and argument.partition("=")[0] not in (*secrets, *leave_out):
            kept.append(argument)
        skip = argument in secrets
    environment = {variable: value for variable, value in secrets.values() if value is not None}
    return [sys.executable, "-P", "-m", "mopenstack.cli.main", *kept], {**os.environ, **environment}


def hide(secrets: Secrets) -> None:
    """Go on as the same process with the secrets in the environment, if any stands in the command."""
    if any(argument.partition("=")[0] in secrets for argument in sys.argv[1:]):
        arguments, environment = command(secrets)
        # The command is this interpreter with this program's own arguments.
        os.execve(arguments[0], arguments, environment)  # noqa: S606

"""`mopenstack run`: a command with a cloud's environment; a cloud that was made for it ends with it.

The command takes the place of this process, so that its terminal, its signals and its exit status are its own; what is
to be done after its end is done by a process that waits for it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from mopenstack.cli import reach, state
from mopenstack.cli.credentials import NoScope, NoSuchUser
from mopenstack.cli.env import clean
from mopenstack.cli.json_client import JsonClient, Refused
from mopenstack.cli.other_process import wait
from mopenstack.cli.output import complain, fail
from mopenstack.cli.own_process import CannotStart, OwnProcess
from mopenstack.cli.terraform import BINARIES, binary, provider_settings

NOT_EXECUTABLE, NOT_FOUND = 126, 127
"""What shells exit with."""
DESCRIPTORS_MAX = 65536


def run(
    command: Annotated[list[str], typer.Argument(help="The command and its arguments.", show_default=False)],
    fresh: Annotated[
        bool, typer.Option("--fresh", help="In a cloud made for this command, also where one is running.")
    ] = False,
    user: Annotated[str, typer.Option(help="Whose credentials: a user of the seed.")] = "admin",
    profile: Annotated[str, typer.Option(help="Of a cloud that is made: instant, realistic or manual.")] = "instant",
    settings: Annotated[list[str], typer.Option("--set", help="NAME=VALUE: an option of a cloud that is made.")] = [],  # noqa: B006  # typer copies it
) -> None:
    """Run a command with a cloud: in the one that is running, else in one of its own, which ends with the command."""
    program = shutil.which(command[0])
    if program is None:
        complain(f"There is no command {command[0]}.")
        raise typer.Exit(NOT_FOUND)
    found = state.read()
    if found is None:
        own = OwnProcess.new()
        words = [word for one in settings for word in ("--set", one)]
        try:
            found = own.running(["--profile", profile, *words])
            _become(program, command, {**_variables(found, "default", user), state.VARIABLE: str(own.folder)}, own.end)
        except CannotStart as error:
            own.end()
            raise fail(str(error)) from None
        except BaseException:
            own.end()
            raise
    if not fresh:
        _become(program, command, _variables(found, "default", user))
    admin = reach.admin(found)
    name = f"run-{os.getpid()}-{os.urandom(3).hex()}"
    options = dict(one.partition("=")[::2] for one in settings)
    try:
        admin.ask("POST", "/clouds", {"name": name, "profile": profile, "options": options})
    except (Refused, OSError) as error:
        raise fail(str(error)) from None
    try:
        _become(program, command, _variables(found, name, user), lambda: _delete(reach.admin(found), name))
    except BaseException:
        _delete(admin, name)
        raise


def _variables(found: state.Running, cloud: str, user: str) -> dict[str, str]:
    try:
        return reach.credentials(found, cloud).variables(user)
    except (NoSuchUser, NoScope, Refused, OSError) as error:
        raise fail(str(error)) from None


def _delete(admin: JsonClient, name: str) -> None:
    admin.ask("DELETE", f"/clouds/{name}")


def _become(
    program: str, command: list[str], variables: dict[str, str], afterwards: Callable[[], object] | None = None
) -> NoReturn:
    """Be the command from now on; `afterwards` is called in another process when it has ended."""
    terraform = program if os.path.basename(program) in BINARIES else binary()
    environment = {**clean(os.environ), **variables, **provider_settings(terraform)}
    if afterwards is not None:
        _after_this(afterwards)
    try:
        os.execve(program, command, environment)  # noqa: S606  # the user's own command
    except OSError as error:
        complain(f"{program}: {error.strerror}")
        raise typer.Exit(NOT_EXECUTABLE) from None


def _after_this(work: Callable[[], object]) -> None:
    """Do something when this process has ended, in one that is no child of it and holds nothing of it."""
    leader = os.getpid()
    if first := os.fork():
        os.waitpid(first, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            os.closerange(3, min(os.sysconf("SC_OPEN_MAX"), DESCRIPTORS_MAX))
            wait(leader)
            work()
    finally:
        os._exit(0)

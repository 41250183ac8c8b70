"""The command line's table of contents; a command's module is imported when it is asked for, or when all are listed."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "up": "mopenstack.cli.up:up",
    "status": "mopenstack.cli.status:status",
    "stop": "mopenstack.cli.status:stop",
    "answers": "mopenstack.cli.status:answers",
    "services": "mopenstack.cli.status:services",
    "init": "mopenstack.cli.init:init",
    "run": "mopenstack.cli.run:run",
    "env": "mopenstack.cli.commands:env",
    "clouds-yaml": "mopenstack.cli.clouds:clouds_yaml",
    "cloud": "mopenstack.cli.clouds:app",
    "snapshot": "mopenstack.cli.snapshots:app",
    "resources": "mopenstack.cli.resources:app",
    "behaviour": "mopenstack.cli.behaviours:app",
    "fault": "mopenstack.cli.faults:app",
    "seed": "mopenstack.cli.seeds:app",
    "requests": "mopenstack.cli.requests:app",
    "record": "mopenstack.cli.recording.commands:record",
    "compare": "mopenstack.cli.recording.commands:compare",
    "vms": "mopenstack.cli.vms:vms",
    "register": "mopenstack.cli.register:register",
    "replicate": "mopenstack.cli.replicate:replicate",
    "doctor": "mopenstack.cli.doctor:doctor",
    "core": "mopenstack.cli.split:core",
    "gateway": "mopenstack.cli.split:gateway",
    "completion": "mopenstack.cli.completion:completion",
    "tools": "mopenstack.conformance.commands:tools_app",
    "conformance": "mopenstack.conformance.commands:conformance_app",
}
"""Command -> the module and the function, or the group of commands, that it is."""

SUITE = ("tools", "conformance")
"""Commands that are an extra."""
ANYTHING: dict[str, Any] = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
SETTINGS: dict[str, dict[str, Any]] = {"env": ANYTHING, "run": {"allow_interspersed_args": False}}
"""Command -> how its arguments are read, where that is not as usual."""


class Commands(TyperGroup):
    """The commands of the table."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name in SUITE and not (find_spec("tftest") and find_spec("pytest")):
            return _command(cmd_name, suite_is_missing, ANYTHING)
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            group.name = cmd_name
            return group
        return _command(cmd_name, found, SETTINGS.get(cmd_name, {}))


def _command(name: str, function: Any, settings: dict[str, Any]) -> Any:
    one = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    one.command(name, context_settings=settings)(function)
    return typer.main.get_command(one)


def suite_is_missing() -> None:
    """Needs the extra: pip install 'mopenstack[conformance]'"""
    from mopenstack.cli.output import fail

    raise fail("The conformance suite is an extra: pip install 'mopenstack[conformance]'")


def env(context: typer.Context) -> None:
    """Shell lines with a user's credentials: eval "$(mopenstack env)"."""
    from mopenstack.cli.env import main

    sys.exit(main(context.args))


app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"mopenstack {version('mopenstack')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """A mock OpenStack cloud, and the conformance suite that proves it with real tools."""

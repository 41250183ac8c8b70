"""`mopenstack`: the command line's table of contents."""

from __future__ import annotations

import importlib.util

import typer

from mopenstack.cli import clouds, up

app = typer.Typer(
    help="A mock OpenStack cloud, and the conformance suite that proves it with real tools.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.command()(up.up)
app.command()(up.status)
app.command()(up.stop)
app.command()(up.answers)
app.command()(up.services)
app.command()(clouds.env)
app.command("clouds-yaml")(clouds.clouds_yaml)
app.add_typer(clouds.app, name="cloud")
app.command()(up.core)
app.command()(up.gateway)


def _mount_conformance() -> None:
    """The suite is an extra; without it its commands say how to get it."""
    if importlib.util.find_spec("tftest") and importlib.util.find_spec("pytest"):
        from mopenstack.conformance.commands import conformance_app, tools_app

        app.add_typer(tools_app, name="tools")
        app.add_typer(conformance_app, name="conformance")
        return

    def missing() -> None:
        """Needs the extra: pip install 'mopenstack[conformance]'"""
        from mopenstack.cli.output import fail

        raise fail("The conformance suite is an extra: pip install 'mopenstack[conformance]'")

    for name in ("tools", "conformance"):
        app.command(name, context_settings={"ignore_unknown_options": True, "allow_extra_args": True})(missing)


def main() -> None:
    """The console script."""
    import sys

    if len(sys.argv) < 2 or sys.argv[1] in ("tools", "conformance", "--help"):
        _mount_conformance()
    app()


if __name__ == "__main__":
    main()

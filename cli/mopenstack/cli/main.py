"""The console script `mopenstack`; what there is, is in commands.py."""

from __future__ import annotations

import gc
import sys

SERVING = ("up", "core", "gateway")
"""Commands that serve until they are stopped."""


def main() -> None:
    """The console script."""
    if sys.argv[1:2] == ["env"]:
        # Scripts run it often: it does without the framework of the others.
        from mopenstack.cli.env import main as command

        sys.exit(command(sys.argv[2:]))
    if sys.argv[1:2] and sys.argv[1] in SERVING:
        gc.disable()  # what a start makes stays; it is enabled when the server answers
    if sys.argv[1:2] == ["up"] and _up(sys.argv[2:]):
        return
    from mopenstack.cli.commands import app

    app()


def _up(arguments: list[str]) -> bool:
    """Start a cloud, if the arguments are plain ones; whether they were."""
    from mopenstack.cli.plain_up import plain

    asked = plain(arguments)
    if asked is None:
        return False
    import mopenstack.gateway.server_only  # noqa: F401  # before anything imports aiohttp
    from mopenstack.cli.starting import start

    try:
        start(asked)
    except KeyboardInterrupt:
        print("Aborted.", file=sys.stderr)
        sys.exit(1)
    except RuntimeError as error:  # typer's Exit, which the framework would take
        if (code := getattr(error, "exit_code", None)) is None:
            raise
        sys.exit(code)
    return True


if __name__ == "__main__":
    main()

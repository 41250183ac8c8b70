"""Arguments of `mopenstack up` that files of ours have, read as the command line reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer.main

from mopenstack.cli.commands import app


def read_up(words: Sequence[str]) -> dict[str, Any]:
    """The options of `mopenstack up` by name; fails for one that there is not. `words` begin with `up`."""
    assert words[0] == "up"
    group: Any = typer.main.get_command(app)
    context = group.make_context("mopenstack", ["up"], resilient_parsing=True)
    command = group.get_command(context, "up")
    options: dict[str, Any] = command.make_context("up", [str(word) for word in words[1:]], parent=context).params
    return options

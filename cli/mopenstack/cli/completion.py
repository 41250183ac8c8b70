"""`mopenstack completion`: what makes the shell complete commands and options."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer


class Shell(StrEnum):
    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="For which shell.")]) -> None:
    """Print a script for the shell to read: eval "$(mopenstack completion bash)"."""
    from mopenstack.cli.commands import app

    # The framework answers this instead of running a command.
    os.environ["_MOPENSTACK_COMPLETE"] = f"source_{shell.value}"
    app(prog_name="mopenstack")

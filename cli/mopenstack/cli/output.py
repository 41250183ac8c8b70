"""What a command prints: coloured on a terminal, plain when piped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

RED, GREEN, END = "\033[1;31m", "\033[32m", "\033[0m"


def say(text: str) -> None:
    """One line of the answer; a reader at the other end of a pipe has it at once."""
    print(text, flush=True)


def complain(text: str, hint: str = "") -> None:
    """Print why a command cannot go on, and what to do."""
    label = f"{RED}error:{END}" if sys.stderr.isatty() else "error:"
    print(f"{label} {text}", file=sys.stderr)
    if hint:
        print(hint, file=sys.stderr)


def fail(text: str, hint: str = "") -> typer.Exit:
    """Complain; `raise fail(...)` ends the command with status 1."""
    from typer import Exit

    complain(text, hint)
    return Exit(1)


def ended(code: int) -> typer.Exit:
    """`raise ended(code)` ends the command with a status, and says nothing."""
    from typer import Exit

    return Exit(code)


def good(text: str) -> str:
    """Green on a terminal."""
    return f"{GREEN}{text}{END}" if sys.stdout.isatty() else text

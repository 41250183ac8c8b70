"""What a command prints: coloured on a terminal, plain when piped."""

from __future__ import annotations

import sys

import typer


def say(text: str) -> None:
    """One line of the answer."""
    typer.echo(text)


def fail(text: str, hint: str = "") -> typer.Exit:
    """Print why a command cannot go on, and what to do; `raise fail(...)` ends it with status 1."""
    label = typer.style("error:", fg="red", bold=True) if sys.stderr.isatty() else "error:"
    typer.echo(f"{label} {text}", err=True)
    if hint:
        typer.echo(hint, err=True)
    return typer.Exit(1)


def good(text: str) -> str:
    """Green on a terminal."""
    return typer.style(text, fg="green") if sys.stdout.isatty() else text

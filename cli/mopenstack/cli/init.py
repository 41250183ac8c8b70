"""`mopenstack init`: how far the init hooks of the running cloud are."""

from __future__ import annotations

import json
import time
from typing import Annotated

import typer

from mopenstack.cli import client
from mopenstack.cli.output import say

LOOK_SECONDS = 0.1


def init(
    wait: Annotated[bool, typer.Option("--wait", help="Until all that a start runs has come to an end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Say what became of each init hook (`up --init`). Exit status 1: one has failed."""
    report = client.ask("GET", "/init")
    while wait and not report["completed"]:
        time.sleep(LOOK_SECONDS)
        report = client.ask("GET", "/init")
    if as_json:
        say(json.dumps(report))
    else:
        for hook in report["hooks"]:
            say(f"{hook['state']:10} {hook['stage']}.d/{hook['name']} ({hook['seconds']:.1f} s)")
            if hook["error"]:
                say(f"    {hook['error']}")
    if any(hook["state"] == "failed" for hook in report["hooks"]):
        raise typer.Exit(1)

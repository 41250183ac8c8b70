"""Terraform's own time for the three-tier stack, and the share of it in which the server worked."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from peers import cpu_seconds, mopenstack
from sampling import Note
from terraformer import Terraformer

STACK = Path(__file__).parent.parent / "terraform-fixtures" / "working" / "stack" / "three-tier"
STEPS = {
    "apply": ("apply", "-auto-approve"),
    "empty plan": ("plan", "-detailed-exitcode"),
    "destroy": ("destroy", "-auto-approve"),
}


def measure(note: Note, rounds: int) -> None:
    """Each round applies, plans and destroys."""
    peer = mopenstack()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
            folder = shutil.copytree(STACK, Path(scratch, "stack"))
            terraform = Terraformer(peer, folder, "demo")
            terraform.run("init")
            for _ in range(rounds):
                for step, arguments in STEPS.items():
                    before = cpu_seconds(peer.process.pid)
                    seconds = terraform.run(*arguments)
                    used = cpu_seconds(peer.process.pid) - before
                    note(f"terraform {step} of the three-tier stack (s)", "mopenstack", seconds)
                    note(f"terraform {step}: the server's share (%)", "mopenstack", 100 * used / seconds)
    finally:
        peer.stop()

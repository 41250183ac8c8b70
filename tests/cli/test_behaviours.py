"""What `mopenstack behaviour` refuses; the commands of docs/lifecycle.md are run with those of all pages."""

from __future__ import annotations

from pathlib import Path

from tests.processes import command, detached


def test_what_the_command_refuses(tmp_path: Path) -> None:
    """In words, and with an exit status."""
    with detached(tmp_path):
        for arguments, said in (
            (["add", "server"], "Say how it goes"),
            (["add", "spaceship", "--profile", "manual"], "no kind of resource with transitions"),
            (["add", "server", "--uniform", "2"], "two numbers with a colon"),
            (["add", "server", "--uniform", "2:3", "--normal", "3:1"], "one can be given"),
            (["add", "server", "--seconds", "2", "--seed", "1"], "--seed only with one of them"),
            (["rm"], "Name a rule, or say --all."),
            (["rm", "nope"], "There is no behaviour nope."),
            (["complete", "server", "nope"], "There is no server nope."),
        ):
            done = command("behaviour", *arguments, state=tmp_path, check=False)
            assert done.returncode != 0
            assert said in done.stderr, arguments
        id = command("behaviour", "add", "server", "--seconds", "0", state=tmp_path).stdout.strip()
        listed = command("behaviour", "list", state=tmp_path).stdout
        assert listed.startswith(f"{id}  server * ")
        assert listed.rstrip().endswith("0 hits")

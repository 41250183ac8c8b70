"""What workers cannot serve is said before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from mopenstack.cli import asked
from mopenstack.core.store.group import memory
from tests.processes import command

WRONG = {
    "--workers 2": "--workers needs --store postgresql://",
    "--workers 2 --data there": "--workers needs --store postgresql://",
    "--workers 2 --store cockroachdb://root@127.0.0.1:1/x": "--workers needs --store postgresql://",
    "--workers 2 --store postgresql://127.0.0.1:1/x --reload": "--workers does not go with --reload",
    "--workers 2 --store postgresql://127.0.0.1:1/x": "postgresql://127.0.0.1:1/x cannot be reached",
    "--workers 33 --store postgresql://127.0.0.1:1/x": "less than or equal to 32",
    "--workers 0 --store postgresql://127.0.0.1:1/x": "greater than or equal to 1",
}


@pytest.mark.parametrize("options", WRONG)
def test_what_workers_cannot_serve(options: str, tmp_path: Path) -> None:
    done = command("up", "--port", "0", *options.split(), state=tmp_path, check=False)
    assert done.returncode != 0
    assert WRONG[options] in " ".join(done.stderr.replace("│", " ").split())
    assert not (tmp_path / "mopenstack" / "cloud.json").exists()


def test_there_is_room_for_as_many_as_may_be_asked_for() -> None:
    assert asked.WORKERS_MAX == memory.WORKERS_MAX

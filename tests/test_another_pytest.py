"""The database of the tests outlives the pytests that tests start."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg

from tests.pytest_plugin.project import COMMAND


async def test_a_pytest_that_begins_takes_no_folder_from_the_database(postgres_url: str, tmp_path: Path) -> None:
    test = tmp_path / "test_one.py"
    test.write_text("def test_of_a_folder(tmp_path):\n    assert tmp_path.exists()\n")
    # As a test would that names no --basetemp: it closes pytest's folder of this user to all others.
    other = await asyncio.create_subprocess_exec(*COMMAND, "-q", str(test), cwd=tmp_path)
    assert await other.wait() == 0
    connection = await asyncpg.connect(postgres_url)
    # A server that cannot open its own folder ends here.
    await connection.execute("CHECKPOINT")
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()

"""How a hook of each kind is run."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mopenstack.cli.env import clean
from mopenstack.cli.terraform import binary, provider_settings
from mopenstack.core.engine.hooks import Hook

if TYPE_CHECKING:
    from mopenstack.core.engine.engine import Engine

TOLD_MAX = 2000
"""Characters of what a hook printed that its failure shows."""
GRACE_SECONDS = 5
"""Between SIGTERM and SIGKILL."""
APPLIED = "applied"
TERRAFORM = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_INPUT": "0"}


class Failed(Exception):
    """A hook that did not go well, with the exit status of its process if there was one."""

    def __init__(self, text: str, exit_status: int | None = None) -> None:
        super().__init__(text)
        self.exit_status = exit_status


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The cloud that hooks work on, and the variables that lead to it."""

    engine: Engine
    variables: Mapping[str, str]


async def run(file: Path, hook: Hook, work: Path, cloud: Surroundings | None) -> bool:
    """Run a hook to its end; True: there was nothing to do. What it writes itself is in `work`. Raises Failed."""
    return await KINDS[file.suffix].run(file, hook, work, cloud)


async def _script(file: Path, hook: Hook, work: Path, cloud: Surroundings | None) -> bool:
    """By itself if it may be executed, else by sh or this Python; in the folder that it lies in."""
    by = [sys.executable] if file.suffix == ".py" else ["/bin/sh"]
    command = [str(file)] if os.access(file, os.X_OK) else [*by, str(file)]
    hook.exit_status = await _process(command, file.parent, work, _environment(hook, cloud))
    return False


async def _terraform(file: Path, hook: Hook, work: Path, cloud: Surroundings | None) -> bool:
    """A configuration of one file, with a state of its own."""
    found = binary()
    if not found:
        raise Failed("neither terraform nor tofu is on PATH")
    environment = {**_environment(hook, cloud), **provider_settings(found), **TERRAFORM}
    folder = work / "configuration"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(file, folder / "main.tf")
    await _process([found, "init", "-no-color"], folder, work, environment)
    hook.exit_status = await _process([found, "apply", "-auto-approve", "-no-color"], folder, work, environment)
    return False


async def _seed(file: Path, hook: Hook, work: Path, cloud: Surroundings | None) -> bool:
    """A seed is planted once in the life of a cloud: its calls create."""
    from mopenstack.core.engine.clouds import DEFAULT
    from mopenstack.core.seed import apply_items
    from mopenstack.core.seed_files import BadSeed
    from mopenstack.core.seed_items import read

    assert cloud is not None
    content = await asyncio.to_thread(file.read_bytes)
    planted = hashlib.sha256(cloud.engine.clouds[DEFAULT].key + content).hexdigest()
    mark = work / APPLIED
    if mark.exists() and mark.read_text() == planted:
        return True
    try:
        await apply_items(cloud.engine, DEFAULT, await asyncio.to_thread(lambda: list(read(file))))
    except BadSeed as error:
        raise Failed(str(error)) from None
    mark.write_text(planted)
    return False


@dataclass(frozen=True, slots=True)
class Kind:
    run: Callable[[Path, Hook, Path, Surroundings | None], Awaitable[bool]]
    needs_cloud: bool = True


KINDS = {
    ".sh": Kind(_script, needs_cloud=False),
    ".py": Kind(_script, needs_cloud=False),
    ".tf": Kind(_terraform),
    ".yaml": Kind(_seed),
    ".yml": Kind(_seed),
}
"""What a file's name ends in -> how it is run."""


def _environment(hook: Hook, cloud: Surroundings | None) -> dict[str, str]:
    return {**clean(os.environ), **(cloud.variables if cloud else {}), "MOPENSTACK_STAGE": hook.stage}


async def _process(command: list[str], folder: Path, work: Path, environment: Mapping[str, str]) -> int:
    """Run a command that must succeed; cancelled, it and all that it started are ended. Raises Failed."""
    log = work / "output.log"
    with log.open("wb") as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise Failed(f"{command[0]}: {error.strerror}") from None
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
    if status:
        raise Failed(_tail(log) or f"exit status {status}", status)
    return status


async def _end(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_SECONDS)
            return


def _tail(log: Path) -> str:
    with log.open("rb") as output:
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - 4 * TOLD_MAX))
        return output.read().decode(errors="replace").strip()[-TOLD_MAX:]

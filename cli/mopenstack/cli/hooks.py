"""Init hooks: what `mopenstack up --init DIR` runs while it starts, when it has, and when it ends.

DIR has the folders boot.d, start.d, ready.d and stop.d; their files run in the order of their names, one after the
other: scripts (.sh, .py), configurations of Terraform (.tf) and seeds (.yaml). After the first one that fails the rest
of its stage is skipped. Every start asks here, so what only hooks need is imported when there are some.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mopenstack.cli import state
from mopenstack.cli.output import complain, say
from mopenstack.core.engine.hooks import STAGES, Hook, Stage

if TYPE_CHECKING:
    from mopenstack.cli.hook_kinds import Surroundings
    from mopenstack.cli.serve import Serving, Settings

CLOUD, USER = "default", "admin"
FILES_MAX = 1000


class BadHooks(Exception):
    """A folder of hooks that cannot be used; says which file and why."""


class HookFailed(Exception):
    """A hook failed without which the cloud is not what it should be."""


class Hooks:
    """The hooks of a folder, none without one; each may take `limit` seconds. Raises BadHooks."""

    def __init__(self, folder: Path | None, limit: float) -> None:
        self._folder, self._limit = folder and folder.absolute(), limit
        self.all = [] if self._folder is None else list(_read(self._folder))
        self._surroundings: Surroundings | None = None
        self._work = Path()

    @property
    def start_seconds(self) -> float:
        """How long they may hold the start up."""
        return self._limit * sum(one.stage in ("boot", "start") for one in self.all)

    @property
    def stop_seconds(self) -> float:
        """How long they may hold the end up."""
        return self._limit * sum(one.stage == "stop" for one in self.all)

    @contextlib.contextmanager
    def workplace(self, settings: Settings) -> Iterator[None]:
        """A folder for what they write: with the data of the cloud where that is kept, else a temporary one."""
        from mopenstack.cli.serve import SHARED

        if not self.all:
            yield
        elif settings.data is not None or settings.store:
            named = hashlib.sha256((settings.store or "").encode()).hexdigest()[:16]
            self._work = settings.data.absolute() / "init" if settings.data else SHARED.parent / "init" / named
            self._work.mkdir(parents=True, exist_ok=True)
            yield
        else:
            with tempfile.TemporaryDirectory(prefix="mopenstack-init-") as made:
                self._work = Path(made)
                yield

    async def boot(self) -> None:
        """What comes before the cloud; raises HookFailed."""
        await self._must("boot")

    async def start(self, cloud: Serving, running: state.Running) -> None:
        """What comes before the cloud is said to be up; raises HookFailed."""
        cloud.administration.hooks = self.all
        if not self.all:
            return
        from mopenstack.cli.hook_kinds import Surroundings

        variables = await asyncio.to_thread(_variables, running)
        self._surroundings = Surroundings(cloud.engine, variables)
        await self._must("start")

    @contextlib.asynccontextmanager
    async def around(self) -> AsyncIterator[None]:
        """Run what comes when the cloud is up beside the block, and what comes before its end after it."""
        ready = asyncio.create_task(self._stage("ready"))
        try:
            yield
        finally:
            ready.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ready
            await self._stage("stop")

    async def _must(self, stage: Stage) -> None:
        if (failed := await self._stage(stage)) is not None:
            raise HookFailed(f"The init hook {stage}.d/{failed.name} failed: {failed.error}")

    async def _stage(self, stage: Stage) -> Hook | None:
        """Run a stage as far as it goes well; returns the hook that failed."""
        hooks = [one for one in self.all if one.stage == stage]
        failed = None
        try:
            for one in hooks:
                await self._one(one)
                say(f"init {stage}.d/{one.name}: {one.state} ({one.seconds:.1f} s)")
                if one.state == "failed":
                    failed = one
                    if stage in ("ready", "stop"):
                        complain(f"The init hook {stage}.d/{one.name} failed: {one.error}")
                    break
        finally:
            for one in hooks:
                if one.state in ("waiting", "running"):
                    one.end("skipped")
        return failed

    async def _one(self, hook: Hook) -> None:
        from mopenstack.cli.hook_kinds import Failed, run

        assert self._folder is not None
        work = self._work / hook.stage / hook.name
        work.mkdir(parents=True, exist_ok=True)
        hook.begin()
        try:
            async with asyncio.timeout(self._limit):
                unchanged = await run(self._folder / f"{hook.stage}.d" / hook.name, hook, work, self._surroundings)
        except TimeoutError:
            hook.end("failed", f"it took longer than {self._limit:g} s")
        except Failed as failed:
            hook.exit_status = failed.exit_status
            hook.end("failed", str(failed))
        except OSError as error:
            hook.end("failed", str(error))
        else:
            hook.end("unchanged" if unchanged else "done")


def _variables(running: state.Running) -> dict[str, str]:
    """Those of the administrator; of a cloud whose seed has none, the address alone."""
    from mopenstack.cli import reach
    from mopenstack.cli.credentials import NoSuchUser

    known = reach.credentials(running, CLOUD)
    try:
        return known.variables(USER)
    except NoSuchUser:
        return {"OS_AUTH_URL": known.auth_url}
    finally:
        known.close()


def _read(folder: Path) -> Iterator[Hook]:
    from mopenstack.cli.hook_kinds import KINDS

    known = {f"{stage}.d" for stage in STAGES}
    for one in sorted(folder.iterdir()):
        if one.is_dir() and one.suffix == ".d" and one.name not in known:
            raise BadHooks(f"{one} is no stage; the stages are {', '.join(sorted(known))}.")
    for stage in STAGES:
        files = sorted(path for path in (folder / f"{stage}.d").glob("*") if path.is_file() and _counts(path))
        if len(files) > FILES_MAX:
            raise BadHooks(f"{stage}.d holds {len(files)} files; {FILES_MAX} at most are run.")
        for path in files:
            kind = KINDS.get(path.suffix)
            if kind is None:
                raise BadHooks(f"{path} is no hook: these end in {', '.join(KINDS)}.")
            if stage == "boot" and kind.needs_cloud:
                raise BadHooks(f"{path}: there is no cloud yet in boot.d; put it into start.d.")
            yield Hook(stage, path.name)


def _counts(path: Path) -> bool:
    """Notes beside the hooks are none."""
    return not path.name.startswith((".", "README")) and not path.name.endswith("~")

"""Shards an upstream suite over clouds: a process of the tool's own Python a worker, a class of tests at a time."""

import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from mopenstack.conformance.cloud import Cloud, Host, existing_cloud, running_host
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import Features, lack, look
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.process import clean_environment
from mopenstack.conformance.selection import select
from mopenstack.conformance.upstream.suite import CloudWanted, Suite, Test

KEPT_OUTPUT = 6000


def run_suite(suite: Suite, options: Options) -> list[Result]:
    """Run what is asked for."""
    chosen = select(suite.name, suite.tests, service=options.service, patterns=options.names)
    shards = _Shards(suite, options)
    for test in chosen:
        if test.not_run:
            shards.add(_result(suite, test, Outcome.NOT_RUN, test.not_run))
    runnable = [test for test in chosen if not test.not_run]
    waiting: queue.SimpleQueue[list[Test]] = queue.SimpleQueue()
    runnable.sort(key=lambda one: one.group)
    groups = [list(group) for _, group in groupby(runnable, key=lambda one: one.group)]
    # One kind of cloud after the other; the longest first, so that no worker ends long after others.
    for group in sorted(groups, key=lambda one: (one[0].wants, -len(one))):
        waiting.put(group)
    with ExitStack() as stack:
        shards.scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"mopenstack-{suite.name}-")))
        if shards.fresh and not suite.further:
            shards.host = stack.enter_context(running_host(options.answers))
        workers = 1 if not shards.fresh else min(options.workers, max(len(groups), 1))
        with ThreadPoolExecutor(workers) as pool:
            for future in [pool.submit(shards.work, waiting, number) for number in range(workers)]:
                future.result()
    return sorted(shards.results, key=lambda one: (one.service, one.case))


class _Shards:
    """What the workers of one run share."""

    def __init__(self, suite: Suite, options: Options) -> None:
        self.suite = suite
        self.options = options
        self.fresh = not options.cloud
        """Whether the clouds are the run's own."""
        self.scratch = Path()
        self.host: Host | None = None
        self.results: list[Result] = []
        self._lock = threading.Lock()

    def add(self, result: Result) -> None:
        """A verdict."""
        with self._lock:
            self.results.append(result)
            self.options.on_result(result)

    def work(self, waiting: "queue.SimpleQueue[list[Test]]", number: int) -> None:
        """Take classes until none is left.

        One that failed may have left things behind: the next gets a new cloud, as one that wants another kind does.
        """
        worker: _Worker | None = None
        made = 0
        try:
            while True:
                try:
                    group = waiting.get_nowait()
                except queue.Empty:
                    return
                wanted = group[0].wants
                other = worker is not None and worker.wanted != wanted
                if worker is not None and other and (self.fresh or worker.wanted.setting != wanted.setting):
                    worker.stop()
                    worker = None
                try:
                    if worker is None:
                        made += 1
                        worker = _Worker(self, self.scratch / f"{number}-{made}", wanted)
                    clean, left = worker.run(self.served(group, worker.features))
                    if left:
                        waiting.put(left)
                except CloudError as error:
                    clean = False
                    for test in group:
                        self.add(_result(self.suite, test, Outcome.FAILED, f"the cloud broke: {error}"))
                if not clean and worker is not None and self.fresh:
                    worker.stop()
                    worker = None
        finally:
            if worker is not None:
                worker.stop()

    def served(self, group: list[Test], features: Features) -> list[Test]:
        """Those tests for which the cloud has the services; the others are told as not run."""
        found = []
        for test in group:
            missing = features.lacks(self.suite.needs(test))
            if missing:
                self.add(_result(self.suite, test, Outcome.NOT_RUN, lack(missing)))
            else:
                found.append(test)
        return found

    @contextmanager
    def cloud(self, wanted: CloudWanted) -> Iterator[Cloud]:
        """The cloud of clouds.yaml, or a fresh one for as long as the block lasts."""
        if not self.fresh:
            yield existing_cloud(str(self.options.cloud), self.options.admin_cloud)
            return
        options, (profile, regions, _) = self.suite.options, wanted
        if self.host is None:
            further = [*self.suite.further, *(word for region in regions for word in ("--region", region))]
            with running_host(self.options.answers, further=further, options=options, profile=profile) as host:
                yield self._furnished(host.default_cloud())
            return
        cloud = self._furnished(self.host.create_cloud(options=options, profile=profile, regions=regions))
        try:
            yield cloud
        finally:
            with suppress(CloudError):
                self.host.delete_cloud(cloud.name)

    def _furnished(self, cloud: Cloud) -> Cloud:
        self.suite.furnish(cloud)
        return cloud


class _Worker:
    """One cloud, its configuration, and a process that runs tests against it."""

    def __init__(self, shards: _Shards, folder: Path, wanted: CloudWanted) -> None:
        self.wanted = wanted
        self._shards = shards
        self._lent = ExitStack()
        self._cloud = self._lent.enter_context(shards.cloud(wanted))
        self._folder = folder
        folder.mkdir(parents=True)
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    @cached_property
    def features(self) -> Features:
        """What its cloud has."""
        return look(self._cloud)

    @cached_property
    def _environment(self) -> dict[str, str]:
        """In which the tests run."""
        return clean_environment(**self._shards.suite.prepared(self.wanted.setting, self._cloud, self._folder))

    def run(self, group: list[Test]) -> tuple[bool, list[Test]]:
        """Tell the verdicts on the tests of one class.

        Returns whether every one of them passed or skipped, and those that another process must run.
        """
        if not group:
            return True, []
        process = self._started()
        assert process.stdin is not None
        left = {test.name: test for test in group}
        process.stdin.write(json.dumps({"module": group[0].module, "tests": list(left)}) + "\n")
        process.stdin.flush()
        clean, current = True, ""
        limit = self._shards.options.time_limit * self._shards.suite.slowness
        while True:
            try:
                line = self._lines.get(timeout=limit)
            except queue.Empty:
                return self._broken(left, current, f"no verdict within {limit:g} s")
            if not line:
                return self._broken(left, current, "the process of the tests ended")
            said = json.loads(line)
            if "done" in said:
                return clean, []
            current = said.get("start", current)
            if "trouble" in said:
                clean = False
            if "test" in said:
                clean &= said["outcome"] != "failed"
                if said["test"] in left:
                    self._tell(left.pop(said["test"]), said)

    def stop(self) -> None:
        """End the process and forget the cloud."""
        self._end()
        self._lent.close()

    def _end(self) -> None:
        """The process ends, and every command that its tests have started."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            if self._process.stdin is not None:
                with suppress(BrokenPipeError):
                    self._process.stdin.close()
            self._process = None

    def _tell(self, test: Test, said: dict[str, Any]) -> None:
        outcome = Outcome(said["outcome"])
        reason = said["reason"] if outcome is Outcome.SKIPPED else _why(said["reason"])
        result = _result(self._shards.suite, test, outcome, reason)
        output = said["reason"][-KEPT_OUTPUT:] if outcome is Outcome.FAILED else ""
        self._shards.add(result.model_copy(update={"seconds": said["seconds"], "output": output}))

    def _broken(self, left: dict[str, Test], current: str, why: str) -> tuple[bool, list[Test]]:
        """The test that runs has failed, or all where none has begun; those behind it are left."""
        failed = [left[current]] if current in left else list(left.values())
        for test in failed:
            self._shards.add(_result(self._shards.suite, test, Outcome.FAILED, why))
        self._end()
        return False, [test for test in left.values() if test not in failed]

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is not None and self._process.poll() is None:
            return self._process
        with (self._folder / "tests.log").open("a") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._shards.suite.command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self._lines = queue.SimpleQueue()
        threading.Thread(target=_read, args=(self._process, self._lines), daemon=True).start()
        return self._process


def _read(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str]") -> None:
    assert process.stdout is not None
    with process.stdout as said:
        for line in said:
            lines.put(line)
    lines.put("")


def _result(suite: Suite, test: Test, outcome: Outcome, reason: str = "") -> Result:
    return Result(
        case=test.name,
        tool=suite.name,
        service=test.service,
        outcome=outcome,
        reason=reason[:400],
        negative=test.negative,
        reproduce=f"mopenstack conformance run --tool {suite.name} {test.name}",
    )


def _why(said: str) -> str:
    """The last line of a traceback that says something."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("File ", "Traceback", "^", "~"))]
    return telling[-1] if telling else said

"""Runs the provider's own acceptance tests, unpatched: each in a process of its own, sharded over clouds."""

import os
import queue
import re
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from mopenstack.conformance import image_cache
from mopenstack.conformance.cloud import Account, Cloud, Host, existing_cloud, running_host
from mopenstack.conformance.errors import CloudError, ConformanceError
from mopenstack.conformance.features import lack
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.paths import data_home, package_file
from mopenstack.conformance.seed import GATES, Seed, look
from mopenstack.conformance.tools import ProviderAcceptance, Terraform

TOOL = "provider-acceptance"
KEPT_OUTPUT = 6000
TLS = "tls"
"""The need of tests that speak HTTPS to their cloud."""
OVER_TLS = frozenset({"TestAccComputeV2Keypair_basic", "TestAccNetworkingV2Network_basic"})
"""Tests that are made over HTTPS as well as any: the provider's CA, certificate and key come from its environment."""
NOT_EMPTY = re.compile(r"After applying this test step.*plan was not empty", re.DOTALL)


class AcceptanceTest(BaseModel):
    """What is known about a test before it runs, read from the provider's sources."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    service: str
    user: str = Field(description="admin, demo, or any: the tests check the name of the user they run as.")
    gates: list[str] = []
    needs: list[str] = Field(default=[], description="Catalog types and network extensions of the resources it uses.")
    companion: str = Field(default="", description="A test that must run before it in the same process.")
    unset: list[str] = Field(
        default=[], description="Variables that must not be set: online_resize takes OS_IMAGE_ID for a name, if set."
    )
    broken: str = Field(default="", description="Why it can pass on no cloud.")
    proves_nothing: bool = Field(default=False, description="It passes without any cloud.")

    def all_needs(self) -> list[str]:
        """Everything the cloud must have."""
        return [*self.needs, *(GATES[gate][0] for gate in self.gates), *(["admin"] if self.user == "admin" else [])]


def catalogue() -> list[AcceptanceTest]:
    """The tests of the pinned version."""
    path = package_file("data", "provider-acceptance-3.4.0.json")
    return TypeAdapter(list[AcceptanceTest]).validate_json(path.read_bytes())


def select(tests: list[AcceptanceTest], *, service: str | None, patterns: list[str]) -> list[AcceptanceTest]:
    """The tests asked for; a pattern or service that matches nothing is an error."""
    for pattern in patterns:
        if not any(fnmatchcase(test.name, pattern) for test in tests):
            raise ConformanceError(f"no acceptance test matches {pattern!r}")
    chosen = [
        test
        for test in tests
        if (not service or test.service == service)
        and (not patterns or any(fnmatchcase(test.name, pattern) for pattern in patterns))
    ]
    if not chosen:
        raise ConformanceError(f"no acceptance test of service {service!r} among those asked for")
    return chosen


def run_acceptance(options: Options) -> list[Result]:
    """Run what is asked for."""
    chosen = select(catalogue(), service=options.service, patterns=options.names)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mopenstack-acceptance-")))
        if options.cloud:
            results = _run_on(options, None, scratch, chosen)
        else:
            # A cloud of its own speaks HTTPS to the tests that are about it.
            results = []
            for tls in (False, True):
                tests = [test for test in chosen if (TLS in test.needs or test.name in OVER_TLS) == tls]
                if tests:
                    host = stack.enter_context(running_host(options.answers, tls=tls))
                    results += _run_on(options, host, scratch, tests)
    return sorted(results, key=lambda one: (one.service, one.case))


def _run_on(options: Options, host: Host | None, scratch: Path, tests: list[AcceptanceTest]) -> list[Result]:
    """Run tests on clouds of one host, or on the one of `clouds.yaml`."""
    workers = min(options.workers, len(tests)) if host else 1
    run = _Run(options, host, scratch)
    waiting: queue.SimpleQueue[AcceptanceTest] = queue.SimpleQueue()
    for test in tests:
        waiting.put(test)
    with ThreadPoolExecutor(workers) as pool:
        for future in [pool.submit(run.shard, waiting) for _ in range(workers)]:
            future.result()
    return run.results


class _Run:
    """What the shards of one run share."""

    def __init__(self, options: Options, host: Host | None, scratch: Path) -> None:
        self.options = options
        self.host = host
        self.scratch = scratch
        self.results: list[Result] = []
        self._lock = threading.Lock()
        self._terraform = Terraform().require().path
        self._tests = ProviderAcceptance()
        self._binary = self._tests.require().path
        self._home = data_home() / "provider-home"
        image_cache.make(self._home)

    def shard(self, waiting: "queue.SimpleQueue[AcceptanceTest]") -> None:
        """Take tests until none is left. A test that failed may have left things behind: the next gets a new cloud."""
        cloud: Cloud | None = None
        while True:
            try:
                test = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                if cloud is None:
                    cloud = self._fresh_cloud()
                    seed = look(cloud)
                result = self.judge(test, cloud, seed)
            except CloudError as error:
                # One broken cloud must not cost the verdicts of the whole run.
                update = {"outcome": Outcome.FAILED, "reason": f"the cloud broke: {error}"}
                result = _unjudged(test).model_copy(update=update)
            with self._lock:
                self.results.append(result)
                self.options.on_result(result)
            if result.outcome is Outcome.FAILED and self.host:
                if cloud:
                    with suppress(CloudError):
                        self.host.delete_cloud(cloud.name)
                cloud = None

    def _fresh_cloud(self) -> Cloud:
        if self.host:
            # There may be no network: what the cloud itself would download is stood in for, as what the provider would.
            return self.host.create_cloud(options=["image.web_download=stand-in"])
        return existing_cloud(str(self.options.cloud), self.options.admin_cloud)

    def judge(self, test: AcceptanceTest, cloud: Cloud, seed: Seed) -> Result:
        """One test's verdict."""
        result = _unjudged(test)
        lacks = seed.features.lacks(test.all_needs())
        account = cloud.account(test.user)
        if lacks or account is None:
            return result.model_copy(update={"reason": lack(lacks or [test.user])})
        if test.broken:
            return result.model_copy(update={"reason": test.broken})
        if test.proves_nothing:
            return result.model_copy(update={"reason": "passes without any cloud, so that it proves nothing"})
        started = time.monotonic()
        said = self._execute(test, account, seed)
        outcome, reason = read_verdict(test.name, said)
        update: dict[str, object] = {"outcome": outcome, "reason": reason}
        update["seconds"] = round(time.monotonic() - started, 2)
        if outcome is Outcome.PASSED:
            # The test framework plans after each step and fails a test whose plan is not empty.
            update["drift_free"] = True
        elif outcome is Outcome.FAILED:
            update["drift_free"] = False if NOT_EMPTY.search(said) else None
            update["output"] = said[-KEPT_OUTPUT:]
        return result.model_copy(update=update)

    def _execute(self, test: AcceptanceTest, account: Account, seed: Seed) -> str:
        """What the test's process said; it never outlives its time limit."""
        names = "|".join(name for name in (test.companion, test.name) if name)
        command = [str(self._binary), f"-test.run=^({names})$", "-test.v", "-test.count=1"]
        seeded = {key: value for key, value in seed.variables.items() if key not in {*account.variables, *test.unset}}
        environment = account.environment(
            TF_ACC="1",
            TF_ACC_TERRAFORM_PATH=str(self._terraform),
            CHECKPOINT_DISABLE="1",
            HOME=str(self._home),
            TMPDIR=str(self.scratch),
            **seeded,
        )
        process = subprocess.Popen(  # noqa: S603
            command,
            cwd=self._tests.source,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            return process.communicate(timeout=self.options.time_limit)[0]
        except subprocess.TimeoutExpired:
            # The test has started Terraform, which has started a provider: the whole session goes.
            os.killpg(process.pid, signal.SIGKILL)
            said, _ = process.communicate()
            return f"{said}\nno verdict within {self.options.time_limit:g} s"


def _unjudged(test: AcceptanceTest) -> Result:
    """A result that has not happened yet."""
    return Result(
        case=test.name,
        tool=TOOL,
        service=test.service,
        outcome=Outcome.NOT_RUN,
        reproduce=f"mopenstack conformance run --tool {TOOL} {test.name}",
    )


def read_verdict(name: str, said: str) -> tuple[Outcome, str]:
    """The verdict that Go's test runner printed on one test, and why it did not pass."""
    verdicts = re.findall(rf"^\s*--- (PASS|FAIL|SKIP): {re.escape(name)} \(", said, re.MULTILINE)
    if verdicts == ["PASS"]:
        return Outcome.PASSED, ""
    if verdicts == ["SKIP"]:
        found = re.search(r"_test\.go:\d+: (.*)", said)
        return Outcome.SKIPPED, found.group(1) if found else "skipped by the test"
    return Outcome.FAILED, _why(said)


def _why(said: str) -> str:
    """The most telling line of a failed test."""
    patterns = (
        r"^(panic: .*)$",
        r"^\s*(no verdict within .*)$",
        r"^\s*[│|]?\s*(Error: .*)$",
        r"^\s*(Step \d+/\d+ error: .*)$",
        r"_test\.go:\d+: (.*)$",
    )
    lines = []
    for pattern in patterns:
        found = re.search(pattern, said, re.MULTILINE)
        if found:
            lines.append(found.group(1).strip())
            break
    http = re.search(r"Expected HTTP response code .*", said)
    if http and http.group(0) not in "".join(lines):
        lines.append(http.group(0).strip())
    return ": ".join(lines)[:400] or "no verdict"

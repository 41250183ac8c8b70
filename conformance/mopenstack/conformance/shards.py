"""Runs single tests sharded over clouds: a worker a cloud, a test at a time."""

import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from mopenstack.conformance.cloud import Cloud, Host, existing_cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.options import Options


class Named(Protocol):
    """What every test is known by."""

    @property
    def name(self) -> str: ...

    @property
    def service(self) -> str: ...


T = TypeVar("T", bound=Named)
S = TypeVar("S")


class Shards(ABC, Generic[T, S]):
    """The tests of one run and its verdicts.

    T: what is known about a test; S: what was found in a cloud. Without a host, the run's cloud is of `clouds.yaml`.
    """

    tool: str
    cloud_options: Sequence[str] = ()
    """NAME=VALUE of the options of the run's own clouds."""

    def __init__(self, options: Options, host: Host | None) -> None:
        self.options = options
        self.host = host
        self.results: list[Result] = []
        self._lock = threading.Lock()

    @abstractmethod
    def look(self, cloud: Cloud) -> S:
        """What a cloud offers to the tests."""

    def unjudged(self, test: T) -> Result:
        """A result that has not happened yet."""
        return Result(
            case=test.name,
            tool=self.tool,
            service=test.service,
            outcome=Outcome.NOT_RUN,
            reproduce=f"mopenstack conformance run --tool {self.tool} {test.name}",
        )

    @abstractmethod
    def judge(self, test: T, cloud: Cloud, seed: S) -> Result:
        """One test's verdict."""

    def profile(self, test: T) -> str:
        """The profile of the cloud that a test wants."""
        return "instant"

    def run(self, tests: list[T]) -> list[Result]:
        """The verdicts on the tests, as they came."""
        workers = min(self.options.workers, len(tests)) if self.host else 1
        waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
        for test in sorted(tests, key=self.profile):
            waiting.put(test)
        with ThreadPoolExecutor(max(workers, 1)) as pool:
            for future in [pool.submit(self._shard, waiting) for _ in range(workers)]:
                future.result()
        return self.results

    def _shard(self, waiting: "queue.SimpleQueue[T]") -> None:
        """Take tests until none is left.

        A test that failed may have left things behind: the next gets a new cloud, as one that wants another profile.
        """
        cloud: Cloud | None = None
        profile = ""
        while True:
            try:
                test = waiting.get_nowait()
            except queue.Empty:
                return
            if self.host and cloud and profile != self.profile(test):
                self._forget(cloud)
                cloud = None
            profile = self.profile(test)
            try:
                if cloud is None:
                    cloud = self._cloud(profile)
                    seed = self.look(cloud)
                result = self.judge(test, cloud, seed)
            except CloudError as error:
                # One broken cloud must not cost the verdicts of the whole run.
                update = {"outcome": Outcome.FAILED, "reason": f"the cloud broke: {error}"}
                result = self.unjudged(test).model_copy(update=update)
            with self._lock:
                self.results.append(result)
                self.options.on_result(result)
            if result.outcome is Outcome.FAILED and self.host:
                if cloud:
                    self._forget(cloud)
                cloud = None

    def _cloud(self, profile: str) -> Cloud:
        if self.host:
            return self.host.create_cloud(options=self.cloud_options, profile=profile)
        return existing_cloud(str(self.options.cloud), self.options.admin_cloud)

    def _forget(self, cloud: Cloud) -> None:
        assert self.host is not None
        with suppress(CloudError):
            self.host.delete_cloud(cloud.name)

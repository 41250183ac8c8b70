"""Runs the provider's own acceptance tests, unpatched: each in a process of its own, sharded over clouds."""

import re
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from mopenstack.conformance import image_cache
from mopenstack.conformance.cloud import Account, Cloud, Host, running_host
from mopenstack.conformance.features import lack
from mopenstack.conformance.go_tests import KEPT_OUTPUT, execute, read_verdict
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.paths import data_home, package_file
from mopenstack.conformance.seed import GATES, Seed, look, with_binding_profiles
from mopenstack.conformance.selection import select
from mopenstack.conformance.shards import Shards
from mopenstack.conformance.tools import ProviderAcceptance, Terraform

TOOL = "provider-acceptance"
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


def run_acceptance(options: Options) -> list[Result]:
    """Run what is asked for."""
    chosen = select(TOOL, catalogue(), service=options.service, patterns=options.names)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mopenstack-acceptance-")))
        if options.cloud:
            results = _Run(options, None, scratch).run(chosen)
        else:
            # A cloud of its own speaks HTTPS to the tests that are about it.
            results = []
            for tls in (False, True):
                tests = [test for test in chosen if (TLS in test.needs or test.name in OVER_TLS) == tls]
                if tests:
                    host = stack.enter_context(running_host(options.answers, tls=tls))
                    results += _Run(options, host, scratch).run(tests)
    return sorted(results, key=lambda one: (one.service, one.case))


class _Run(Shards[AcceptanceTest, Seed]):
    """The provider's tests, from the binary that was compiled of them."""

    tool = TOOL
    # There may be no network: what the cloud itself would download is stood in for, as what the provider would.
    # One host, as in the provider's own gate: a test asks for the hypervisor that there is.
    cloud_options = ("image.web_download=stand-in", "compute.hosts=1")

    def __init__(self, options: Options, host: Host | None, scratch: Path) -> None:
        super().__init__(options, host)
        self.scratch = scratch
        self._terraform = Terraform().require().path
        self._tests = ProviderAcceptance()
        self._binary = self._tests.require().path or Path()
        self._home = data_home() / "provider-home"
        image_cache.make(self._home)

    def look(self, cloud: Cloud) -> Seed:
        """What the cloud has, and the variables that the tests ask for."""
        seed = look(cloud)
        return seed if self.host is None else with_binding_profiles(seed)

    def judge(self, test: AcceptanceTest, cloud: Cloud, seed: Seed) -> Result:
        """One test's verdict."""
        result = self.unjudged(test)
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
        names = [name for name in (test.companion, test.name) if name]
        seeded = {key: value for key, value in seed.variables.items() if key not in {*account.variables, *test.unset}}
        environment = account.environment(
            TF_ACC="1",
            TF_ACC_TERRAFORM_PATH=str(self._terraform),
            CHECKPOINT_DISABLE="1",
            HOME=str(self._home),
            TMPDIR=str(self.scratch),
            **seeded,
        )
        return execute(
            self._binary,
            names,
            folder=self._tests.source,
            environment=environment,
            time_limit=self.options.time_limit,
        )

"""Runs the Go SDK's own acceptance tests, unpatched: each in a process of its own, sharded over clouds."""

import time
from contextlib import ExitStack
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from mopenstack.conformance.cloud import Account, Cloud, running_host
from mopenstack.conformance.downloads import address_of
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import lack
from mopenstack.conformance.features import look as features_of
from mopenstack.conformance.go_tests import KEPT_OUTPUT, execute, read_verdict
from mopenstack.conformance.image_cache import qcow2_header
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.seed import CLUSTER_IMAGE, GATES, Seed, fixtures, offer_image, with_binding_profiles
from mopenstack.conformance.selection import select
from mopenstack.conformance.shards import Shards
from mopenstack.conformance.tools import Gophercloud
from mopenstack.conformance.tools.gophercloud import GoTest

TOOL = "gophercloud"
RELEASE = "master"
"""Tests that are for releases of long ago alone skip themselves."""
RESIZED = "m1.resize"
IMAGE_BYTES = qcow2_header().ljust(4096, b"\0")
REALISTIC = {
    "compute/v2/TestServersActionReboot": "it waits for the status REBOOT",
    "compute/v2/TestServersActionRebuild": "it waits for the status REBUILD",
    "compute/v2/TestInstanceActionsMicroversions": "no action may have ended in the second in which the test began",
}
"""Pattern -> why such tests need a cloud whose transitions take their time."""
COMPANIONS = {
    "networking/v2/extensions/quotas/TestQuotasDelete": "TestQuotasUpdate",
    "loadbalancer/v2/TestQuotasDelete": "TestQuotasUpdate",
}
"""A test that must run before another one in the same process: it makes what the other deletes."""


def run_gophercloud(options: Options) -> list[Result]:
    """The verdicts on the tests asked for."""
    chosen = select(TOOL, Gophercloud().tests(), service=options.service, patterns=options.names)
    with ExitStack() as stack:
        host = None if options.cloud else stack.enter_context(running_host(options.answers))
        results = _Run(options, host).run(chosen)
    return sorted(results, key=lambda one: (one.service, one.case))


def look(cloud: Cloud) -> Seed:
    """What the tests' script/stackenv finds and makes in a DevStack."""
    features = features_of(cloud)
    session = features.session
    flavors = session.list("compute", "/flavors", "flavors") or []
    resized = next((one["id"] for one in flavors if one["name"] == RESIZED), None)
    if resized is None:
        raise CloudError(f"the tests need a flavor named {RESIZED}, and the cloud has none")
    hosts = {urlsplit(url).hostname or "" for url in session.catalog.values()}
    variables = {
        **fixtures(session),
        "OS_FLAVOR_ID_RESIZE": resized,
        "OS_BRANCH": RELEASE,
        # Some tests download an image of cirros.
        "HTTP_PROXY": address_of(IMAGE_BYTES),
        "NO_PROXY": ",".join(sorted(hosts)),
    }
    if len(features.hypervisors) > 1:
        variables["OS_LIVE_MIGRATE"] = "1"
    if features.has("container-infra"):
        offer_image(session)
        variables["OS_MAGNUM_IMAGE_ID"] = CLUSTER_IMAGE
    if features.has("database"):
        variables |= GATES["Database"][1]
    return Seed(features, variables)


class _Run(Shards[GoTest, Seed]):
    """Tests of many packages, each package with a binary."""

    tool = TOOL
    cloud_options = ("compute.hosts=2", "image.web_download=stand-in")

    def look(self, cloud: Cloud) -> Seed:
        """What the cloud has, and the variables that the tests ask for."""
        seed = look(cloud)
        return seed if self.host is None else with_binding_profiles(seed)

    def profile(self, test: GoTest) -> str:
        """Some look at what is not finished yet."""
        return "realistic" if any(fnmatchcase(test.name, pattern) for pattern in REALISTIC) else "instant"

    def judge(self, test: GoTest, cloud: Cloud, seed: Seed) -> Result:
        """One test's verdict."""
        result = self.unjudged(test)
        account = cloud.account(test.user)
        lacks = seed.features.lacks(test.needs)
        if lacks or account is None:
            return result.model_copy(update={"reason": lack(lacks or [test.user])})
        started = time.monotonic()
        said = self._execute(test, account, seed)
        outcome, reason = read_verdict(test.test, said)
        return result.model_copy(
            update={
                "outcome": outcome,
                "reason": reason,
                "seconds": round(time.monotonic() - started, 2),
                "output": said[-KEPT_OUTPUT:] if outcome is Outcome.FAILED else "",
            }
        )

    def _execute(self, test: GoTest, account: Account, seed: Seed) -> str:
        binary = Gophercloud().binary(test.package)
        seeded = {key: value for key, value in seed.variables.items() if key not in account.variables}
        return execute(
            binary,
            [*([COMPANIONS[test.name]] if test.name in COMPANIONS else []), test.test],
            folder=binary.parent,
            environment=account.environment(**seeded),
            time_limit=self.options.time_limit,
        )

"""The suite starts clouds by the command line alone, and finds in each what the tools' tests need."""

from mopenstack.conformance.answers import AnswerLog
from mopenstack.conformance.cloud import Host, running_host
from mopenstack.conformance.features import REGION
from mopenstack.conformance.openstack import Session, left_behind, request
from mopenstack.conformance.paths import fixtures_folder
from mopenstack.conformance.scenario import discover
from mopenstack.conformance.seed import look
from mopenstack.conformance.suite.plugin import TLS


def test_a_host_lends_clouds_that_share_nothing() -> None:
    """Two clouds of one host: other addresses and tokens, the same seed; what one makes the other does not see."""
    with running_host(AnswerLog()) as host:
        first, second = host.create_cloud(), host.create_cloud()
        assert first.demo.auth_url != second.demo.auth_url
        session, other = Session(first.demo).authenticate(), Session(second.demo).authenticate()
        refused = request("GET", f"{other.catalog['network']}/v2.0/networks", token=session.token)
        assert refused.status == 401
        before, elsewhere = session.inventory(), other.inventory()
        assert {"compute servers", "network networks", "volumev3 volumes", "image images"} <= before.keys()
        made = request(
            "POST", f"{session.catalog['network']}/v2.0/networks", token=session.token, body={"network": {"name": "n"}}
        )
        assert made.status == 201
        id = made.body["network"]["id"]
        assert left_behind(before, session.inventory()) == [f"network networks {id} was left behind"]
        assert left_behind(elsewhere, other.inventory()) == []
        seed = look(second)
        assert seed.features.lacks(["admin", "compute 2.90", "network", "volumev3", "image", "extension:router"]) == []
        assert {"OS_IMAGE_ID", "OS_FLAVOR_ID", "OS_NETWORK_ID", "OS_EXTGW_ID", "OS_POOL_NAME"} <= seed.variables.keys()
        needed = {feature for scenario in discover(fixtures_folder()) for feature in scenario.features}
        # A scenario that needs TLS gets a cloud of a host that speaks it, and one that needs regions a cloud with them.
        lacks = [feature for feature in seed.features.lacks(list(needed)) if not feature.startswith(REGION)]
        assert lacks == [TLS], "a scenario would not be run"
        host.delete_cloud(first.name)


def test_a_host_that_speaks_https_is_met_by_its_folder() -> None:
    """As a worker of the scenarios does: its clouds have HTTPS, and each user a certificate to show."""
    with running_host(AnswerLog(), tls=True) as host:
        cloud = Host(host.folder).create_cloud()
        assert look(cloud).features.has(TLS)
        assert cloud.admin is not None
        assert cloud.demo.variables["OS_CERT"] != cloud.admin.variables["OS_CERT"]


def test_a_host_that_holds_kept_answers_against_fresh_ones() -> None:
    """It says how many there were, and tells a difference as what is not as published."""
    log = AnswerLog(check_kept=True)
    with running_host(log) as host:
        session = Session(host.create_cloud().demo).authenticate()
        for _ in range(5):
            assert session.list("network", "/v2.0/networks", "networks")
    assert log.total is not None
    assert log.total.kept > 0
    assert log.total.violations == []
    assert f" and {log.total.kept} kept ones against fresh ones: 0 violations" in log.total.line()

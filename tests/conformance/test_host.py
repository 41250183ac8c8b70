"""The suite starts clouds by the command line alone, and finds in each what the tools' tests need."""

from mopenstack.conformance.answers import AnswerLog
from mopenstack.conformance.cloud import running_host
from mopenstack.conformance.openstack import Session, left_behind, request
from mopenstack.conformance.seed import look


def test_a_host_lends_clouds_that_share_nothing() -> None:
    """Two clouds of one host: other addresses and tokens, the same seed; what one makes the other does not see."""
    with running_host(AnswerLog()) as host:
        first, second = host.create_cloud(), host.create_cloud()
        assert first.demo.auth_url != second.demo.auth_url
        session, other = Session(first.demo).authenticate(), Session(second.demo).authenticate()
        refused = request("GET", f"{other.catalog['network']}/v2.0/networks", token=session.token)
        assert refused.status == 401
        before, elsewhere = session.inventory(), other.inventory()
        assert {"servers", "networks", "volumes", "images", "security_groups"} <= before.keys()
        made = request(
            "POST", f"{session.catalog['network']}/v2.0/networks", token=session.token, body={"network": {"name": "n"}}
        )
        assert made.status == 201
        assert left_behind(before, session.inventory()) == [f"networks {made.body['network']['id']} was left behind"]
        assert left_behind(elsewhere, other.inventory()) == []
        seed = look(second)
        assert {"admin", "compute", "network", "volumev3", "image", "identity"} <= seed.has
        assert {"OS_IMAGE_ID", "OS_FLAVOR_ID", "OS_NETWORK_ID", "OS_EXTGW_ID", "OS_POOL_NAME"} <= seed.variables.keys()
        host.delete_cloud(first.name)

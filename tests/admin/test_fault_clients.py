"""Faults as real clients show them: Terraform, openstacksdk and the openstack command line, unpatched."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mopenstack.conformance.cloud import parse_exports
from tests.processes import command, detached
from tests.real_clients import Clients

_names = itertools.count(1)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A mopenstack for all tests of the module."""
    folder = tmp_path_factory.mktemp("state")
    with detached(folder):
        yield folder


@pytest.fixture
def clients(state: Path, tmp_path: Path) -> Iterator[Clients]:
    """A cloud of its own, with the variables of demo."""
    name = f"faults-{next(_names)}"
    command("cloud", "create", name, state=state)
    exports = parse_exports(command("env", "--user", "demo", "--cloud", name, state=state).stdout)
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "TMPDIR", "LANG") if key in os.environ}
    yield Clients(state, tmp_path, name, {**kept, **exports})
    command("cloud", "delete", name, state=state)


NETWORK = """
    resource "openstack_networking_network_v2" "n" {
      name = "web"
    }
"""
VOLUME = """
    resource "openstack_blockstorage_volume_v3" "v" {
      name = "data"
      size = 1
      timeouts {
        create = "4s"
      }
    }
"""


# -- Terraform


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (["--status", "500"], "Request Failed: internal server error while processing your request."),
        (
            ["--status", "409", "--reason", "OverQuota", "--message", "Quota exceeded for resources: ['network']."],
            '"type":"OverQuota"',
        ),
        (["--status", "503", "--proxy", "--retry-after", "2"], "<h1>503 Service Unavailable</h1>"),
        (["--effect", "drop"], "EOF"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else None,
)
def test_an_apply_fails_with_the_services_words_and_the_next_repairs(
    rule: list[str], said: str, clients: Clients
) -> None:
    clients.write(NETWORK)
    id = clients.fault("add", "CreateNetwork", "--times", "1", *rule)
    assert said in clients.apply(check=False).replace('": "', '":"')
    assert clients.hits(id) == 1
    clients.repairs()
    assert [network["Name"] for network in clients.listed("network", "list", "--internal")].count("web") == 1


@pytest.mark.parametrize("effect", ["false_negative", "truncate"])
def test_a_false_negative_leads_terraform_into_a_duplicate(effect: str, clients: Clients) -> None:
    """The network was made and its id never came: the next apply makes a second one, and destroys that alone."""
    clients.write(NETWORK)
    clients.fault("add", "CreateNetwork", "--times", "1", "--effect", effect)
    clients.apply(check=False)
    clients.repairs()
    assert [network["Name"] for network in clients.listed("network", "list", "--internal")].count("web") == 2
    clients.terraform("destroy", "-auto-approve")
    assert [network["Name"] for network in clients.listed("network", "list", "--internal")].count("web") == 1


def test_a_volume_that_ends_in_error_is_replaced(clients: Clients) -> None:
    """Terraform waits, sees the error, and the next apply replaces what is tainted."""
    clients.write(VOLUME)
    why = "No valid backend was found. No weighed backends available"
    clients.fault("add", "CreateVolume", "--times", "1", "--effect", "async_error", "--message", why)
    assert "The volume is in error status." in clients.apply(check=False)
    clients.repairs()
    assert [volume["Status"] for volume in clients.listed("volume", "list")] == ["available"]


def test_a_server_that_ends_in_error_is_replaced(clients: Clients) -> None:
    """The fault of the server is in Terraform's own message."""
    clients.write("""
        data "openstack_images_image_v2" "cirros" {
          name_regex  = "^cirros"
          most_recent = true
        }
        resource "openstack_compute_instance_v2" "s" {
          name        = "web"
          image_id    = data.openstack_images_image_v2.cirros.id
          flavor_name = "m1.nano"
          network {
            name = "private"
          }
        }
    """)
    why = "No valid host was found. There are not enough hosts available."
    clients.fault("add", "CreateServer", "--times", "1", "--effect", "async_error", "--message", why)
    assert "unexpected state 'ERROR'" in clients.apply(check=False)
    shown = json.loads(clients.openstack("server", "show", "web", "-f", "json").stdout)
    assert (shown["status"], shown["fault"]["message"]) == ("ERROR", why)
    clients.repairs()
    assert [server["Status"] for server in clients.listed("server", "list")] == ["ACTIVE"]


def test_what_is_stuck_runs_into_terraforms_timeout(clients: Clients) -> None:
    clients.write(VOLUME)
    clients.fault("add", "CreateVolume", "--times", "1", "--effect", "stuck")
    assert "context deadline exceeded" in clients.apply(check=False)
    assert [volume["Status"] for volume in clients.listed("volume", "list")] == ["creating"]
    assert "status must be available or error" in clients.apply(check=False)  # it is tainted, and cannot be deleted


def test_what_is_lost_is_not_found(clients: Clients) -> None:
    clients.write(NETWORK)
    clients.fault("add", "CreateNetwork", "--times", "1", "--effect", "lost")
    assert "Error waiting for openstack_networking_network_v2" in clients.apply(check=False)
    clients.repairs()


# -- openstacksdk


@pytest.mark.parametrize("status", [429, 503])
def test_the_sdk_waits_as_long_as_it_is_told(status: int, clients: Clients) -> None:
    """keystoneauth tries again on 429 and 503, after the seconds of Retry-After."""
    id = clients.fault(
        "add", "ListNetworks", "--times", "2", "--status", str(status), "--retry-after", "1"
    )  # fmt: skip
    said = clients.sdk(
        """
        import logging
        logging.basicConfig(level=logging.WARNING)
        print("networks:", len(list(connection.network.networks())))
        """,
        network_status_code_retries=3,
    )
    assert said.count(f"Retriable status code {status}. Retrying in 1.0s") + said.count("Retrying in 1s") == 2, said
    assert "networks: " in said
    assert clients.hits(id) == 2


def test_the_sdk_gives_up_with_the_services_words(clients: Clients) -> None:
    clients.fault("add", "CreateVolume", "--status", "413", "--reason", "OverLimitFault", "--message", "Slow down.")
    said = clients.sdk("""
        try:
            connection.block_storage.create_volume(name="v", size=1)
        except openstack.exceptions.HttpException as refused:
            print(type(refused).__name__, refused.status_code, refused.details, refused.response.headers)
    """)
    assert "HttpException 413" in said
    assert "This request was rate-limited." in said
    assert "X-Mopenstack-Fault" in said


def test_the_sdk_waits_less_than_a_late_answer_takes(clients: Clients) -> None:
    id = clients.fault("add", "ListServers*", "--service", "compute", "--delay", "200", "--times", "1")
    said = clients.sdk("""
        from keystoneauth1.exceptions import ConnectTimeout
        for _ in range(2):
            try:
                print("servers:", connection.compute.get("/servers/detail", timeout=0.5, connect_retries=0).json())
            except ConnectTimeout as late:
                print("late:", late)
    """)
    assert said.index("late: ") < said.index("servers: ")
    assert clients.hits(id) == 1


def test_the_sdk_sees_a_server_fail(clients: Clients) -> None:
    clients.fault("scenario", "no-valid-host", "--load", "100")
    said = clients.sdk("""
        image = next(iter(connection.image.images()))
        flavor = connection.compute.find_flavor("m1.nano")
        server = connection.compute.create_server(name="s", image_id=image.id, flavor_id=flavor.id, networks="none")
        try:
            connection.compute.wait_for_server(server)
        except openstack.exceptions.ResourceFailure as failed:
            print("failed:", failed)
        print(connection.compute.get_server(server.id).fault)
    """)
    assert "failed: " in said
    assert "No valid host was found." in said


# -- the openstack command line


@pytest.mark.parametrize(
    ("rule", "words", "said"),
    [
        (["CreateNetwork", "--status", "500"], ["network", "create", "n"], "Request Failed: internal server error"),
        (
            ["CreateVolume", "--status", "503", "--message", "The back end is away."],
            ["volume", "create", "--size", "1", "v"],
            "The back end is away.",
        ),
        (["ListServers*", "--status", "403", "--message", "Not today."], ["server", "list"], "Not today."),
        (["--service", "identity", "--status", "503", "--proxy"], ["token", "issue"], "503"),
        (["ListImages", "--effect", "truncate"], ["image", "list"], "Connection broken"),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else None,
)
def test_the_command_line_shows_the_services_words(
    rule: list[str], words: list[str], said: str, clients: Clients
) -> None:
    id = clients.fault("add", *rule)
    failed = clients.openstack(*words, check=False)
    assert failed.returncode != 0
    assert said in failed.stderr, failed.stderr
    assert clients.hits(id) >= 1
    clients.fault("rm", id)
    clients.openstack(*words)


def test_a_rule_is_about_one_user_alone(clients: Clients) -> None:
    """What demo is refused an administrator sees."""
    clients.fault("add", "ListNetworks", "--project", "demo", "--status", "503")
    assert clients.openstack("network", "list", check=False).returncode != 0
    exports = parse_exports(command("env", "--user", "admin", "--cloud", clients.cloud, state=clients.state).stdout)
    admin = Clients(clients.state, clients.folder, clients.cloud, {**clients.environment, **exports})
    assert admin.listed("network", "list")


# -- mopenstack's own


def test_rules_on_the_command_line(clients: Clients) -> None:
    """Added, listed, shown, removed; and what is refused is said."""
    id = clients.fault("add", "CreateNetwork", "--times", "3", "--status", "503", "--method", "POST")
    other = clients.fault("add", "--service", "compute", "--delay", "0.5", "--jitter", "0.1")
    listed = clients.fault("list").splitlines()
    assert [line.split()[:2] for line in listed] == [[id, "error"], [other, "delay"]]
    assert "operation=CreateNetwork methods=POST times=3 status=503" in listed[0]
    assert json.loads(clients.fault("show", other))["delay"] == 0.5
    clients.fault("rm", id)
    assert [rule["id"] for rule in json.loads(clients.fault("list", "--json"))] == [other]
    clients.fault("rm", "--all")
    assert clients.fault("list") == ""
    for words, said in (
        (["add", "CreateNothing"], "'CreateNothing' is no operation that is served."),
        (["add"], "name an operation"),
        (["rm", "fault-77"], "There is no fault fault-77"),
        (["rm"], "--all"),
        (["scenario", "no-such"], "There is no scenario 'no-such'"),
    ):
        refused = command("fault", *words, "--cloud", clients.cloud, state=clients.state, check=False)
        assert refused.returncode == 1
        assert said in refused.stderr


def test_scenarios_on_the_command_line(clients: Clients) -> None:
    assert "storage-full" in clients.fault("scenario")
    ids = clients.fault("scenario", "quota-squeezed", "--load", "100").split()
    assert len(ids) > 3
    shown = {one["name"]: one["load"] for one in json.loads(clients.fault("scenario", "--json"))}
    assert (shown["quota-squeezed"], shown["storage-full"]) == (100, 0)
    refused = clients.openstack("network", "create", "n", check=False)
    assert "Quota exceeded for resources: ['network']." in refused.stderr
    clients.fault("scenario", "quota-squeezed", "--stop")
    clients.openstack("network", "create", "n")

"""What a test of a user's own can do with its cloud."""

from __future__ import annotations

import os
import re
import shutil
import textwrap
from pathlib import Path

import pytest

from tests.processes import command, detached
from tests.pytest_plugin.project import Project

SEEDS = Path(__file__).parents[2] / "core" / "mopenstack" / "core"
README = Path(__file__).parents[2] / "README.md"
NETWORK = """
    terraform {
      required_providers {
        openstack = {
          source = "terraform-provider-openstack/openstack"
        }
      }
    }
    resource "openstack_networking_network_v2" "blue" {
      name = "blue"
    }
    output "name" {
      value = openstack_networking_network_v2.blue.name
    }
"""


def _passes(project: Project, *arguments: str, **environment: str) -> str:
    ran = project.pytest(*arguments, **environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def _without_terraform(tmp_path: Path) -> str:
    """A PATH that has everything but Terraform and OpenTofu."""
    folder = tmp_path / "path"
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(place).glob("*") if place else ():
            if program.name not in ("terraform", "tofu"):
                (folder / program.name).unlink(missing_ok=True)
                (folder / program.name).symlink_to(program)
    assert shutil.which("terraform", path=str(folder)) is None
    return str(folder)


def test_the_ten_lines_of_the_readme(project: Project) -> None:
    """The file that the README shows passes with four workers, a cloud for each test."""
    (text,) = re.findall(r"```python\n# test_my_cloud.py\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(text.strip().splitlines()) <= 10
    project.write("test_my_cloud.py", text)
    project.write("infra/main.tf", NETWORK)
    assert "2 passed" in _passes(project, "-n", "4")


def test_without_terraform(project: Project, tmp_path: Path) -> None:
    """All but `cloud.terraform` works; that says what is missing."""
    project.write(
        "test_mine.py",
        """
        def test_sdk(cloud):
            assert cloud.connection().network.create_network(name="blue").status == "ACTIVE"

        def test_terraform(cloud, tmp_path):
            cloud.terraform(tmp_path)
        """,
    )
    ran = project.pytest("-n", "4", PATH=_without_terraform(tmp_path))
    assert ran.returncode == 1
    assert "1 failed, 1 passed" in ran.stdout
    assert "ToolMissing: Neither terraform nor tofu is on PATH." in ran.stdout


def test_credentials(project: Project) -> None:
    """Variables, a clouds.yaml and the SDK's connection lead to this cloud, whatever else the environment says."""
    project.write(
        "test_mine.py",
        """
        import os
        import openstack

        def test_users(cloud):
            assert cloud.env == cloud.env_of("demo")
            assert cloud.env["OS_AUTH_URL"] == cloud.auth_url
            assert cloud.env_of("demo_reader")["OS_PROJECT_NAME"] == "demo"
            assert cloud.env_of("system_reader")["OS_SYSTEM_SCOPE"] == "all"
            assert cloud.connection("admin").current_user_id != cloud.connection().current_user_id

        def test_clouds_yaml(cloud):
            config = openstack.config.OpenStackConfig(config_files=[str(cloud.clouds_yaml)], load_envvars=False)
            for name, user in (("mopenstack", "demo"), ("mopenstack-admin", "admin")):
                region = config.get_one(name)
                connection = openstack.connection.Connection(config=region)
                assert connection.current_user_id == cloud.connection(user).current_user_id
            system = openstack.connection.Connection(config=config.get_one("mopenstack-system-admin"))
            assert [user.name for user in system.identity.users(name="admin")] == ["admin"]

        def test_export(cloud, monkeypatch):
            assert os.environ["OS_CLOUD"] == "production"
            cloud.export()
            assert {key: os.environ[key] for key in os.environ if key.startswith("OS_")} == cloud.env
            assert openstack.connect().current_user_id == cloud.connection().current_user_id
            assert "OS_CLOUD" not in cloud.process_env()

        def test_export_ends_with_the_test():
            assert [key for key in os.environ if key.startswith("OS_")] == ["OS_CLOUD"]
        """,
    )
    _passes(project, "-p", "no:randomly", OS_CLOUD="production")


def test_instruments(project: Project) -> None:
    """Clock, states and options of this one cloud; the marker says how it is made."""
    seed = (SEEDS / "identity" / "seed.yaml").read_text()
    project.write("seed.yaml", f"{seed}\n- {{call: CreateNetwork, request: {{network: {{name: of-the-file}}}}}}\n")
    project.write(
        "test_mine.py",
        """
        from datetime import UTC, datetime, timedelta
        import pytest

        pytestmark = pytest.mark.mopenstack(seed=7, options={"compute.hosts": 2})

        def _boot(cloud):
            connection = cloud.connection()
            image, flavor = next(connection.image.images()), next(connection.compute.flavors())
            return connection, connection.compute.create_server(
                name="web", image_id=image.id, flavor_id=flavor.id, networks="none"
            )

        @pytest.mark.mopenstack(profile="manual")
        def test_manual(cloud):
            connection, server = _boot(cloud)
            cloud.clock.advance(timedelta(days=1))
            assert connection.compute.get_server(server.id).status == "BUILD"
            assert cloud.complete() == 1
            assert connection.compute.get_server(server.id).status == "ACTIVE"
            cloud.force("server", server.id, "ERROR")
            assert connection.compute.get_server(server.id).status == "ERROR"

        def test_clock(cloud):
            moment = datetime(2030, 1, 1, tzinfo=UTC)
            cloud.clock.stop()
            assert cloud.clock.set(moment) == moment
            assert cloud.clock.advance(60) == cloud.clock.now == moment + timedelta(minutes=1)
            connection, server = _boot(cloud)
            assert connection.compute.get_server(server.id).created_at == "2030-01-01T00:01:00Z"
            assert cloud.clock.run(3600) >= moment

        ids = []

        @pytest.mark.parametrize("time", (1, 2))
        def test_seed(cloud, time):
            ids.append(_boot(cloud)[1].id)
            assert len(set(ids)) == 1

        @pytest.mark.mopenstack(seed="seed.yaml")
        def test_seed_file(cloud):
            networks = cloud.connection("admin").network.networks()
            assert [network.name for network in networks] == ["of-the-file"]

        def test_options(cloud):
            hosts = cloud.connection("admin").compute.hypervisors()
            assert len(list(hosts)) == 2
            cloud.set_options({"compute.hosts": "3"})
            assert len(list(cloud.connection("admin").compute.hypervisors())) == 3

        def test_a_cloud_that_is_gone(cloud, mopenstack):
            mopenstack.ask("DELETE", f"/clouds/{cloud.name}")
        """,
    )
    _passes(project)


def test_snapshots_and_forks(project: Project) -> None:
    """Prepared once, copied for each test: by a name, by a file, by a fork."""
    project.write(
        "test_mine.py",
        """
        import pytest

        @pytest.fixture(scope="session")
        def prepared(mopenstack, tmp_path_factory):
            cloud = mopenstack.cloud(tmp_path_factory.mktemp("prepared"))
            cloud.connection().network.create_network(name="prepared")
            cloud.save("prepared")
            cloud.close()

        def networks(cloud):
            return sorted(network.name for network in cloud.connection().network.networks(is_router_external=False))

        def test_fork(cloud, prepared, mopenstack):
            cloud.load("prepared")
            fork = cloud.fork()
            fork.connection().network.create_network(name="forked")
            assert networks(cloud) == ["prepared", "private"]
            assert networks(fork) == ["forked", "prepared", "private"]
            assert networks(fork.fork()) == networks(fork)

        def test_fault(cloud):
            rule = cloud.fault("CreateNetwork", times=1, status=409, message="Not today.")
            assert rule["id"].startswith("fault-")
            with pytest.raises(Exception, match="Not today."):
                cloud.connection().network.create_network(name="refused")
            assert cloud.connection().network.create_network(name="made").name == "made"

        @pytest.mark.mopenstack(snapshot="prepared", profile="manual")
        def test_name(prepared, cloud):
            assert networks(cloud) == ["prepared", "private"]

        @pytest.mark.mopenstack(snapshot="prepared.snapshot")
        @pytest.mark.parametrize("time", (1, 2))
        def test_file(time, cloud):
            assert networks(cloud) == ["prepared", "private"]

        def test_nothing_is_left(mopenstack):
            assert mopenstack.ask("GET", "/status")["clouds"] == ["default"]
        """,
    )
    ran = project.pytest("-k", "not file")
    assert ran.returncode == 0, ran.stdout
    with detached(project.folder / "state"):
        file = str(project.folder / "prepared.snapshot")
        command("snapshot", "save", "of-the-seed", "--to", file, state=project.folder / "state")
    text = (project.folder / "test_mine.py").read_text()
    project.write("test_mine.py", text.replace('"prepared", "private"', '"private"'))
    assert "2 passed" in _passes(project, "-k", "file", "-n", "2")


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("'realistic'", "takes profile=, seed=, snapshot=, options=, not 'realistic'"),
        ("hosts=2", "takes profile=, seed=, snapshot=, options=, not hosts"),
        ("profile='slow'", "Refused"),
        ("options={'compute.teapots': 1}", "There is no option 'compute.teapots'"),
    ],
)
def test_a_marker_that_is_wrong(project: Project, mark: str, said: str) -> None:
    project.write(
        "test_mine.py",
        f"import pytest\n\n@pytest.mark.mopenstack({mark})\ndef test_mine(cloud):\n    pass\n",
    )
    ran = project.pytest()
    assert ran.returncode == 1
    assert said in ran.stdout


def test_another_mopenstack(project: Project, tmp_path: Path) -> None:
    """`--mopenstack-url` uses one that runs already, and leaves it as it was."""
    project.write("test_mine.py", "def test_mine(cloud):\n    assert cloud.env['OS_AUTH_URL'].startswith('http')\n")
    with detached(tmp_path / "state") as status:
        _passes(project, "--mopenstack-url", status["url"])
        port = status["url"].rpartition(":")[2]
        refused = project.pytest("--mopenstack-url", "nonsense")
        assert "'nonsense/_mopenstack' is no address of a server" in refused.stdout
        assert port in textwrap.shorten(status["auth_url"], 200)


def test_python_terraform(project: Project) -> None:
    """A driver that takes the environment of the process has it from `export`."""
    project.write("infra/main.tf", NETWORK)
    project.write(
        "test_mine.py",
        """
        import shutil
        import python_terraform
        from mopenstack.cli.terraform import binary, provider_settings

        def test_mine(cloud, monkeypatch, tmp_path):
            cloud.export()
            for key, value in provider_settings(binary()).items():
                monkeypatch.setenv(key, value)
            shutil.copy("infra/main.tf", tmp_path)
            terraform = python_terraform.Terraform(working_dir=str(tmp_path))
            assert terraform.init()[0] == 0
            assert terraform.apply(skip_plan=True)[0] == 0
            assert [network.name for network in cloud.connection().network.networks(name="blue")] == ["blue"]
        """,
    )
    _passes(project)


def test_a_failure_shows_what_the_cloud_was_asked(project: Project) -> None:
    """The last calls of the journal, of the test's cloud alone; a test that passes shows none."""
    project.write(
        "test_mine.py",
        """
        def test_fails(cloud):
            cloud.connection().network.create_network(name="blue")
            assert cloud.connection().network.find_network("green")

        def test_passes(cloud):
            cloud.env
        """,
    )
    said = project.pytest("-rA").stdout
    assert "1 failed, 1 passed" in said
    shown = said.partition("what the cloud was asked last")[2]
    assert "201 POST   /network/v2.0/networks" in shown
    assert "404 GET    /network/v2.0/networks/green" in shown
    assert "what the cloud was asked last" not in shown

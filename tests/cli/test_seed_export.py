"""A cloud that was written down and loaded looks as the one that it was written from, to real clients."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from mopenstack.conformance.process import clean_environment
from mopenstack.conformance.tools import get_tool
from tests.processes import command, detached

LISTS = (
    "flavor list --all --long", "flavor show special", "image list --long -c Name -c Status -c Visibility -c Owner",
    "network list --long", "subnet list --long", "subnet pool list --long", "router list --long", "address scope list",
    "volume type list --long", "project list --long", "user list --long", "role list", "group list --long",
    "role assignment list --names", "implied role list", "region list", "availability zone list",
    "aggregate list --long", "hypervisor list", "quota show demo", "catalog list -c Name -c Type",
    "image show -c min_disk -c tags -c id special",
    "aggregate show -c name -c availability_zone -c hosts -c properties special",
    "user list --domain special --long", "image list --community --long -c Name -c Status -c Owner",
)  # fmt: skip
SPECIAL = Path(__file__).parent / "special.yaml"


@dataclass(frozen=True, slots=True)
class Pair:
    """A cloud with special things, and its seed."""

    state: Path
    seed: Path
    clouds_yaml: Path


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """A running cloud, and the seed that was written from it."""
    folder = tmp_path_factory.mktemp("seed")
    state = folder / "state"
    with detached(state):
        clouds_yaml = folder / "clouds.yaml"
        clouds_yaml.write_text(command("clouds-yaml", state=state).stdout)
        project = openstack(state, "default", "project show -f value -c id demo").strip()
        special = folder / "special.yaml"
        special.write_text(SPECIAL.read_text().replace("PROJECT", project))
        assert command("seed", "load", str(special), state=state).stdout == "28 calls made in default\n"
        seed = folder / "seed.yaml"
        written = command("seed", "export", state=state)
        assert written.stderr == ""
        seed.write_text(written.stdout)
        yield Pair(state, seed, clouds_yaml)


def openstack(state: Path, cloud: str, *lines: str, user: str = "admin") -> str:
    """What the real command line says to several commands, in one process."""
    said = command("env", "--cloud", cloud, "--user", user, state=state).stdout
    exports = dict(re.findall(r"export (\w+)=(\S+)", said))
    path = get_tool("openstackclient").require().path
    assert path is not None
    # Commands of its standard input end with status 1, whatever came of them; what fails is said on standard error.
    done = subprocess.run(
        [path], input="\n".join(lines), env=clean_environment(**exports), capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout


def test_a_seed_makes_the_same_cloud(pair: Pair) -> None:
    """To openstackclient, in another process that has nothing but the seed, ids included."""
    before = openstack(pair.state, "default", *LISTS)
    assert all(word in before for word in ("special", "zone-of-its-own", "without-gateway", "10.65.0.10-10.65.0.20"))
    with detached(pair.state.parent / "other", "--seed", str(pair.seed)):
        after = openstack(pair.state.parent / "other", "default", *LISTS)
    assert after == before


def test_a_seed_of_a_cloud_from_a_seed_is_the_seed(pair: Pair) -> None:
    """Nothing is lost on the way, in a cloud beside others too."""
    command("cloud", "create", "copy", "--seed", str(pair.seed), state=pair.state)
    assert command("seed", "export", "--cloud", "copy", state=pair.state).stdout == pair.seed.read_text()
    command("cloud", "reset", "copy", state=pair.state)
    assert command("seed", "export", "--cloud", "copy", state=pair.state).stdout == pair.seed.read_text()


def test_a_seed_has_no_secret_and_is_one(pair: Pair) -> None:
    """No password but the one that was asked for; `seed check` reads it."""
    assert "not-to-be-seen" not in pair.seed.read_text()
    items = yaml.safe_load(pair.seed.read_text())
    assert command("seed", "check", str(pair.seed), state=pair.state).stdout == f"{len(items)} items\n"
    written = command("seed", "export", "--password", "chosen", state=pair.state).stdout
    users = [one["request"]["user"] for one in yaml.safe_load(written) if one.get("call") == "CreateUser"]
    assert {user["password"] for user in users} == {"chosen"}


def test_a_real_cloud_is_written_down_by_its_clouds_yaml(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed, by openstacksdk, where its user is the administrator."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(pair.clouds_yaml))
    written = command("seed", "export", "--os-cloud", "mopenstack-admin", state=pair.state)
    assert (written.stderr, written.stdout) == ("", pair.seed.read_text())


def test_a_member_writes_down_what_members_see(pair: Pair, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What they may not see is said; the cloud of that seed has this user, an administrator, and can be used."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(pair.clouds_yaml))
    written = command("seed", "export", "--os-cloud", "mopenstack", state=pair.state)
    assert "identity: /v3/domains may not be seen (403)" in written.stderr
    seed = tmp_path / "member.yaml"
    seed.write_text(written.stdout)
    command("cloud", "create", "members", "--seed", str(seed), state=pair.state)
    lists = ("flavor list", "image list", "network list", "volume type list")
    (entry, *_) = [one for one in yaml.safe_load(written.stdout) if one.get("keep") == "own_user"]
    assert entry["request"]["user"]["name"] == "demo"
    seen = [openstack(pair.state, cloud, *lists, user="demo") for cloud in ("default", "members")]
    assert seen[0] == seen[1] != ""
    boot = "server create --flavor m1.nano --image cirros-0.6.3-x86_64-disk --network private --wait -f json booted"
    assert json.loads(openstack(pair.state, "members", boot))["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("seed", "export", "--cloud", "a", "--os-cloud", "b"), "give one of them"),
        (("seed", "export", "--os-cloud", "nowhere"), "clouds.yaml: Cloud nowhere was not found"),
        (("seed", "export", "--cloud", "nowhere"), "cannot sign in at"),
        (("record", "--cloud", "nowhere"), "clouds.yaml: Cloud nowhere was not found"),
        (("record", "--cloud", "mopenstack", "--to", "."), ".: File exists"),
        (("compare", "pyproject.toml"), "pyproject.toml, line 1"),
        (("compare", "pyproject.toml", "--cloud", "nowhere"), "There is no cloud named nowhere"),
    ],
)
def test_what_cannot_be_done_is_said(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(pair.clouds_yaml))
    ended = command(*arguments, state=pair.state, check=False)
    assert ended.returncode in (1, 2)
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr

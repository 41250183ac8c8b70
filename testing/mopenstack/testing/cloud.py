"""One fresh cloud, as a test holds it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mopenstack.cli.credentials import Credentials
from mopenstack.cli.env import clean, is_read
from mopenstack.testing.clock import Clock

if TYPE_CHECKING:
    import openstack.connection
    import tftest

USER = "demo"
LABEL_MAX = 40
ENTRIES = {"demo": "mopenstack", "admin": "mopenstack-admin"}
"""The user -> what the entry in clouds.yaml is called."""
NOT_CONFIGURATION = ("*.tfstate*", ".terraform", ".terraform.lock.hcl.tmp")


class ToolMissing(Exception):
    """A test asks for a tool that is not installed; says how to get it."""


class Clouds(Protocol):
    """The process that a cloud is in."""

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        """A call of its admin API."""

    def open(self, name: str, folder: Path) -> Cloud:
        """Another of its clouds."""

    def delete(self, name: str) -> None:
        """Delete one of them."""


class Cloud:
    """An isolated cloud: its own resources, users, clock and ids. It is gone after the test.

    Where a method takes a user, that is one of the seed: demo (an ordinary member, the default), admin,
    demo_reader, alt_demo ... Whatever cannot be done raises Refused (with status and text of mopenstack) or OSError.
    """

    def __init__(self, mopenstack: Clouds, name: str, credentials: Credentials, folder: Path) -> None:
        self.name = name
        """As `mopenstack cloud list` shows it."""
        self.clock = Clock(self.ask)
        """The cloud's own time."""
        self._mopenstack, self._credentials, self._folder = mopenstack, credentials, folder
        self._forks: list[Cloud] = []
        self._known: dict[str, dict[str, str]] = {}
        self._changed: dict[str, str | None] = {}
        self._connections: list[openstack.connection.Connection] = []

    def __repr__(self) -> str:
        return f"<Cloud {self.name} at {self.auth_url}>"

    @property
    def auth_url(self) -> str:
        """Keystone's address: all that a client needs to know of a cloud."""
        return self._credentials.auth_url

    @property
    def env(self) -> dict[str, str]:
        """The variables of the user demo: `OS_AUTH_URL` and the rest."""
        return self.env_of(USER)

    def env_of(self, user: str) -> dict[str, str]:
        """The variables of a user: `OS_AUTH_URL` and the rest."""
        if user not in self._known:
            self._known[user] = self._credentials.variables(user)
        return dict(self._known[user])

    def process_env(self, user: str = USER) -> dict[str, str]:
        """The environment for a process that acts as a user: this one's, with no other `OS_*` variables in it."""
        return {**clean(os.environ), **self.env_of(user)}

    def export(self, user: str = USER) -> None:
        """Put a user's variables into this process's environment until the test ends, and other `OS_*` out of it."""
        wanted: dict[str, str | None] = {key: None for key in os.environ if is_read(key)}
        for key, value in {**wanted, **self.env_of(user)}.items():
            self._changed.setdefault(key, os.environ.get(key))
            _set(key, value)

    @property
    def clouds_yaml(self) -> Path:
        """A clouds.yaml with the entries `mopenstack` (demo), `mopenstack-admin` and `mopenstack-system-admin`."""
        path = self._folder / "clouds.yaml"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            # JSON is YAML.
            path.write_text(json.dumps({"clouds": self._credentials.entries(ENTRIES[USER])}, indent=2) + "\n")
        return path

    def connection(self, user: str = USER) -> openstack.connection.Connection:
        """openstacksdk's connection; raises ToolMissing where it is not installed."""
        try:
            import openstack
        except ImportError:
            raise ToolMissing("The Python SDK is not installed: pip install openstacksdk") from None
        given = {key.removeprefix("OS_").lower(): value for key, value in self.env_of(user).items()}
        region, version, ca = (given.pop(key, None) for key in ("region_name", "identity_api_version", "cacert"))
        made = openstack.connect(
            auth=given,
            region_name=region,
            identity_api_version=version,
            cacert=ca,
            load_yaml_config=False,
            load_envvars=False,
        )
        self._connections.append(made)
        return made

    def terraform(self, folder: str | os.PathLike[str], user: str = USER, binary: str = "") -> tftest.TerraformTest:
        """tftest's object for a copy of a configuration, with the user's variables: `setup`, `plan`, `apply` ...

        What Terraform writes stays with the test's files. `binary` is terraform, or tofu where that is not on PATH.
        Raises ToolMissing where there is none, or no tftest.
        """
        from mopenstack.cli import terraform as terraforms

        found = binary or terraforms.binary()
        if not found:
            raise ToolMissing("Neither terraform nor tofu is on PATH.")
        try:
            import tftest
        except ImportError:
            raise ToolMissing("tftest is not installed: pip install 'mopenstack[pytest]'") from None
        source = Path(folder)
        copy = self._folder / f"terraform-{len(list(self._folder.glob('terraform-*')))}" / source.name
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns(*NOT_CONFIGURATION))
        driver = tftest.TerraformTest(str(copy), binary=found)
        # It would mix the environment of this process in.
        driver.env = {**self.process_env(user), **terraforms.provider_settings(found), "TF_IN_AUTOMATION": "1"}
        return driver

    def fault(self, operation: str, **rule: Any) -> Any:
        """Make calls of an operation fail: `cloud.fault("CreateVolume", times=3)`, as the admin API has it.

        Fields of a rule: docs/faults.md. Answers the rule, with its id.
        """
        return self.ask("POST", "/faults", {"fault": {"operation": operation, **rule}})["fault"]

    def complete(self) -> int:
        """Complete every transition that is under way, as with the profile `manual` nothing else does; how many."""
        completed: int = self.ask("POST", "/complete")["completed"]
        return completed

    def force(self, kind: str, id: str, state: str, **fields: Any) -> None:
        """Put a resource into a state, from any state: `cloud.force("server", server.id, "ERROR")`."""
        self.ask("PUT", f"/resources/{kind}/{id}/state", {"state": state, "fields": fields})

    def set_options(self, options: Mapping[str, str]) -> None:
        """Choose as an operator does: `{"compute.hosts": "2"}`."""
        self.ask("PUT", "/options", {"options": dict(options)})

    def fork(self) -> Cloud:
        """Another cloud that is what this one is now; from then on they share nothing. It ends with this one."""
        name = f"{self.name[:LABEL_MAX].strip('-')}-fork-{secrets.token_hex(5)}"
        self.ask("POST", "/fork", {"name": name})
        made = self._mopenstack.open(name, self._folder / name)
        self._forks.append(made)
        return made

    def save(self, snapshot: str) -> None:
        """Keep what the cloud is now under a name, which other tests may begin with; in place of one of this name."""
        self.ask("POST", "/snapshots", {"name": snapshot, "replace": True})

    def load(self, snapshot: str) -> None:
        """Bring the cloud back to a snapshot."""
        self.ask("POST", f"/snapshots/{snapshot}/load")

    def ask(self, verb: str, path: str, body: Any = None) -> Any:
        """A call of the admin API about this cloud: `cloud.ask("POST", "/reset")`."""
        return self._mopenstack.ask(verb, f"/clouds/{self.name}{path}", body)

    def close(self) -> None:
        """Delete it with its forks, close the SDK's connections, and undo what `export` did."""
        while self._forks:
            self._forks.pop().close()
        while self._connections:
            self._connections.pop().close()
        self._credentials.close()
        self._mopenstack.delete(self.name)
        for key, value in self._changed.items():
            _set(key, value)
        self._changed.clear()


def _set(key: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(key, None)
    else:
        os.environ[key] = value

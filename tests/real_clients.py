"""Real clients of one cloud, unpatched: Terraform, openstacksdk and the openstack command line."""

from __future__ import annotations

import json
import subprocess
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mopenstack.conformance.tools import get_tool, provider_of
from tests.processes import command

SECONDS_MAX = 600


@dataclass(frozen=True, slots=True)
class Clients:
    """One cloud of a running mopenstack, and a folder for its clients."""

    state: Path
    folder: Path
    cloud: str
    environment: Mapping[str, str]

    def fault(self, *words: str) -> str:
        """`mopenstack fault ...` for this cloud; what it prints."""
        return command("fault", *words, "--cloud", self.cloud, state=self.state).stdout.strip()

    def hits(self, id: str) -> int:
        """How often a rule acted."""
        hits: int = json.loads(self.fault("show", id))["hits"]
        return hits

    # -- clients

    def run(self, *words: str | Path, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """A client to its end; its output is text."""
        done = subprocess.run(
            [str(word) for word in words],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def terraform(self, *words: str, check: bool = True) -> str:
        """What `terraform` says."""
        binary = get_tool("terraform").require().path
        assert binary is not None
        config = str(provider_of("terraform").cli_config())
        options = ["-input=false", "-no-color"]
        done = self.run(
            binary, words[0], *options, *words[1:], check=check, TF_CLI_CONFIG_FILE=config, CHECKPOINT_DISABLE="1"
        )  # fmt: skip
        assert check or done.returncode != 0, done.stdout
        return " ".join((done.stdout + done.stderr).replace("│", " ").split())

    def write(self, resources: str) -> None:
        """A configuration with these resources, and the provider installed for it."""
        get_tool("provider").require()
        source = '{ source = "terraform-provider-openstack/openstack" }'
        head = f"terraform {{\n  required_providers {{\n    openstack = {source}\n  }}\n}}\n"
        (self.folder / "main.tf").write_text(head + textwrap.dedent(resources))
        self.terraform("init")

    def apply(self, check: bool = True) -> str:
        return self.terraform("apply", "-auto-approve", check=check)

    def repairs(self) -> None:
        """A second apply puts all right: nothing is left to plan."""
        self.apply()
        assert "No changes" in self.terraform("plan", "-detailed-exitcode")

    def openstack(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """The openstack command line."""
        path = get_tool("openstackclient").require().path
        assert path is not None
        return self.run(path, *words, check=check)

    def listed(self, *words: str) -> list[dict[str, Any]]:
        """What a list of the openstack command line shows."""
        found: list[dict[str, Any]] = json.loads(self.openstack(*words, "-f", "json").stdout)
        return found

    def sdk(self, script: str, **options: Any) -> str:
        """What a script prints that has a `connection` of openstacksdk."""
        python = get_tool("openstacksdk").require().path
        assert python is not None
        head = f"import openstack\nconnection = openstack.connect(**{options!r})\n"
        done = self.run(python, "-c", head + textwrap.dedent(script))
        return done.stdout + done.stderr

"""Terraform or OpenTofu: taken from PATH, never downloaded."""

import json

from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.model import Progress, Tool, ToolStatus

EXECUTABLES = ("terraform", "tofu")


class Terraform(Tool):
    """The command line that plans and applies. MOPENSTACK_TERRAFORM names one outside of PATH."""

    name: str = "terraform"
    description: str = "Terraform, or OpenTofu"

    def find(self) -> ToolStatus:
        """The first of terraform and tofu on PATH, with its version."""
        how = "put terraform or tofu on PATH, or its path into MOPENSTACK_TERRAFORM"
        return self._on_path(EXECUTABLES, "MOPENSTACK_TERRAFORM", _version, how)

    def install(self, progress: Progress) -> ToolStatus:
        """Terraform is found, not made: its releases need a download that only the user can allow."""
        return self.require()


def _version(path: str) -> str:
    said = json.loads(run([path, "version", "-json"], env=clean_environment(CHECKPOINT_DISABLE="1")))
    return str(said["terraform_version"])

"""Terraform or OpenTofu: taken from PATH, never downloaded."""

import json
import os
import shutil
from pathlib import Path

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.process import clean_environment, run
from mopenstack.conformance.tools.model import Progress, Tool, ToolStatus

EXECUTABLES = ("terraform", "tofu")


class Terraform(Tool):
    """The command line that plans and applies. MOPENSTACK_TERRAFORM names one outside of PATH."""

    name: str = "terraform"
    description: str = "Terraform, or OpenTofu"

    def find(self) -> ToolStatus:
        """The first of terraform and tofu on PATH, with its version."""
        named = os.environ.get("MOPENSTACK_TERRAFORM")
        for candidate in (named,) if named else EXECUTABLES:
            path = shutil.which(candidate)
            if path is None:
                continue
            try:
                said = json.loads(run([path, "version", "-json"], env=clean_environment(CHECKPOINT_DISABLE="1")))
            except (ConformanceError, ValueError) as error:
                return self._missing(f"{path} does not tell its version: {error}")
            return self._found(said["terraform_version"], Path(path), "PATH" if not named else "MOPENSTACK_TERRAFORM")
        return self._missing("put terraform or tofu on PATH, or its path into MOPENSTACK_TERRAFORM")

    def install(self, progress: Progress) -> ToolStatus:
        """Terraform is found, not made: its releases need a download that only the user can allow."""
        return self.require()

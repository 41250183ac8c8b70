"""A scenario's configuration in a folder of its own, driven by two drivers.

tftest does what it reads best: set-up, apply, and the plan, outputs and state as data. python-terraform does what is
judged by exit code: `plan -detailed-exitcode` and `destroy`.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import python_terraform
import tftest

from mopenstack.conformance.scenario import Scenario, Step

NOT_CONFIGURATION = ("scenario.yaml", "*.tfstate*", ".terraform*", "terraform.tfvars*.json")


class TerraformFailed(Exception):
    """Terraform ended with an error; the text is what it said."""


class Workspace:
    """The configuration of one scenario, against one cloud, with the provider from the mirror."""

    def __init__(self, scenario: Scenario, scratch: Path, binary: Path, environment: Mapping[str, str]) -> None:
        self.folder = scratch / scenario.id
        shutil.copytree(scenario.folder, self.folder, ignore=shutil.ignore_patterns(*NOT_CONFIGURATION))
        self.environment = dict(environment)
        self._tftest = tftest.TerraformTest(str(self.folder), binary=str(binary), cache_dir=str(scratch / "cache"))
        # tftest would mix its own environment in; a scenario sees this one and nothing else.
        self._tftest.env = self.environment
        self._python_terraform = python_terraform.Terraform(
            working_dir=str(self.folder), terraform_bin_path=str(binary)
        )

    def init(self) -> None:
        """`terraform init`."""
        self._by_tftest("setup", cleanup_on_exit=False)

    def planned_actions(self, step: Step) -> dict[str, list[str]]:
        """Address to what the plan of this step would do."""
        plan = self._by_tftest("plan", output=True, tf_var_file=step.var_file)
        return {address: list(one["change"]["actions"]) for address, one in plan.resource_changes.items()}

    def apply(self, step: Step) -> None:
        """`terraform apply` with the step's variables."""
        self._by_tftest("apply", tf_var_file=step.var_file)

    def outputs(self) -> dict[str, Any]:
        """The outputs of the state."""
        outputs = self._by_tftest("output")
        return {name: outputs[name] for name in outputs}

    def managed_resources(self) -> list[str]:
        """Addresses of the state's resources, each instance of a count or for_each by itself, without data sources."""
        said = self._tftest.execute_command("state", "list").out
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        return [line for line in lines if not re.search(r"(^|\.)data\.", line)]

    def drift(self, step: Step) -> str:
        """Empty when a plan finds nothing to do, else what it would do."""
        with self._as_process_environment():
            code, out, err = self._python_terraform.plan(var_file=step.var_file, capture_output=True)
        if code == 0:
            return ""
        if code == 2:
            return str(out)
        raise TerraformFailed(str(err) or str(out))

    def destroy(self, step: Step) -> None:
        """`terraform destroy`."""
        with self._as_process_environment():
            # Without these two it would pass -force, which Terraform no longer knows.
            code, out, err = self._python_terraform.destroy(force=None, auto_approve=True, var_file=step.var_file)
        if code:
            raise TerraformFailed(str(err) or str(out))

    def _by_tftest(self, method: str, **arguments: Any) -> Any:
        try:
            return getattr(self._tftest, method)(**arguments)
        except tftest.TerraformTestError as error:
            # Its text is the whole plan; what went wrong is on standard error.
            raise TerraformFailed(error.cmd_error or str(error.args[0])) from error

    @contextmanager
    def _as_process_environment(self) -> Iterator[None]:
        """python-terraform hands on the environment of the process and takes no other."""
        before = dict(os.environ)
        os.environ.clear()
        os.environ.update(self.environment)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)

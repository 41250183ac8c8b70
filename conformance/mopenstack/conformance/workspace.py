"""A scenario's configuration in a folder of its own, driven by two drivers.

tftest does what it reads best: set-up, apply, and the plan, outputs and state as data. python-terraform does what is
judged by exit code: `plan -detailed-exitcode` and `destroy`.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import python_terraform
import tftest

from mopenstack.conformance import imports
from mopenstack.conformance.scenario import Scenario, Step

NOT_CONFIGURATION = ("scenario.yaml", "*.tfstate*", ".terraform*", "terraform.tfvars*.json")

_TOLD_AS_JSON = re.compile(r'"@level":"error","@message":"((?:[^"\\]|\\.)*)"')


class TerraformFailed(Exception):
    """Terraform ended with an error; the text is what it said."""


class Workspace:
    """The configuration of one scenario, against one cloud, with the provider from the mirror."""

    def __init__(
        self,
        scenario: Scenario,
        scratch: Path,
        binary: Path,
        environment: Mapping[str, str],
        doing: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`doing` is told what Terraform begins: a few words each time."""
        self._doing = doing
        self.folder = scratch / scenario.id
        self._source, self._binary, self._scratch = scenario.folder, binary, scratch
        shutil.copytree(scenario.folder, self.folder, ignore=shutil.ignore_patterns(*NOT_CONFIGURATION))
        self._tftest = tftest.TerraformTest(str(self.folder), binary=str(binary), cache_dir=str(scratch / "cache"))
        self.use(environment)
        self._python_terraform = python_terraform.Terraform(
            working_dir=str(self.folder), terraform_bin_path=str(binary)
        )

    def use(self, environment: Mapping[str, str]) -> None:
        """Run what follows with these variables and no others."""
        self.environment = dict(environment)
        # tftest would mix its own environment in.
        self._tftest.env = self.environment

    def init(self) -> None:
        """`terraform init`."""
        self._doing("terraform init")
        self._by_tftest("setup", cleanup_on_exit=False)

    def lay_over(self, overlay: str) -> None:
        """Lay the files of a folder of the scenario over the configuration."""
        shutil.copytree(self._source / overlay, self.folder, dirs_exist_ok=True)

    def planned_actions(self, step: Step) -> dict[str, list[str]]:
        """Address to what the plan of this step would do."""
        plan = self._by_tftest("plan", output=True, tf_var_file=step.var_file)
        return {address: list(one["change"]["actions"]) for address, one in plan.resource_changes.items()}

    def apply(self, step: Step) -> None:
        """`terraform apply` with the step's variables."""
        self._doing(f"terraform apply ({step.name})")
        self._by_tftest("apply", tf_var_file=step.var_file)

    def outputs(self) -> dict[str, Any]:
        """The outputs of the state."""
        outputs = self._by_tftest("output")
        return {name: outputs[name] for name in outputs}

    def state(self) -> dict[str, Any]:
        """The state, as `terraform state pull` prints it."""
        said: dict[str, Any] = json.loads(self._tftest.execute_command("state", "pull").out)
        return said

    def refresh(self, step: Step) -> None:
        """Take over what the cloud tells and no configuration asks for, such as an empty list for nothing."""
        self._by_tftest("refresh", tf_var_file=step.var_file)

    def changed_outside(self, step: Step) -> list[str]:
        """Addresses that a refresh-only plan finds otherwise than in the state."""
        self._doing("terraform plan -refresh-only")
        said = self._ui(self.folder, "-refresh-only", step=step)
        return sorted({one["change"]["resource"]["addr"] for one in said if one["type"] == "resource_drift"})

    def import_all(self, step: Step) -> tuple[int, str]:
        """Plan the import of all that can be imported into a state without it.

        Returns how many resources it imports, and what it would do besides: empty when it is nothing.
        """
        self._doing("terraform plan, which imports all of it")
        state = self.state()
        taken = imports.importable(state)
        folder = self._scratch / f"{self.folder.name}-imported"
        shutil.copytree(self.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("*.tfstate*"))
        (folder / "terraform.tfstate").write_text(json.dumps(imports.without(state, taken)))
        imports.write_blocks(folder, taken)
        (summary,) = (one["changes"] for one in self._ui(folder, step=step) if one["type"] == "change_summary")
        besides = any(summary[kind] for kind in ("add", "change", "remove"))
        return summary["import"], self._plan(folder, "-no-color", step=step) if besides else ""

    def drift(self, step: Step) -> str:
        """Empty when a plan finds nothing to do, else what it would do."""
        self._doing("terraform plan, which must be empty")
        with self._as_process_environment():
            code, out, err = self._python_terraform.plan(var_file=step.var_file, capture_output=True)
        if code == 0:
            return ""
        if code == 2:
            return str(out)
        raise TerraformFailed(str(err) or str(out))

    def destroy(self, step: Step) -> None:
        """`terraform destroy`."""
        self._doing("terraform destroy")
        with self._as_process_environment():
            # Without these two it would pass -force, which Terraform no longer knows.
            code, out, err = self._python_terraform.destroy(force=None, auto_approve=True, var_file=step.var_file)
        if code:
            raise TerraformFailed(str(err) or str(out))

    def _ui(self, folder: Path, *options: str, step: Step) -> list[dict[str, Any]]:
        """What `terraform plan -json` says, a message each."""
        return [json.loads(line) for line in self._plan(folder, "-json", *options, step=step).splitlines()]

    def _plan(self, folder: Path, *options: str, step: Step) -> str:
        terraform = tftest.TerraformTest(str(folder), binary=str(self._binary))
        terraform.env = self.environment
        variables = [f"-var-file={step.var_file}"] if step.var_file else []
        try:
            return str(terraform.execute_command("plan", "-input=false", *variables, *options).out)
        except tftest.TerraformTestError as error:
            told = _TOLD_AS_JSON.findall(str(error.args[0]))
            raise TerraformFailed("\n".join(told) or error.cmd_error or str(error.args[0])) from error

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

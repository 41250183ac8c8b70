"""The GitHub action: as the schema demands, and its own steps run one after the other as a runner would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from mopenstack.cli.json_client import JsonClient
from tests.packaging.schemas import valid
from tests.processes import command

ROOT = Path(__file__).parents[2]
SECONDS_MAX = 120


def test_it_is_as_the_schema_demands(tmp_path: Path) -> None:
    """And one that is not is found."""
    valid("vendor.github-actions", ROOT / "action.yml")
    wrong = tmp_path / "action.yml"
    wrong.write_text((ROOT / "action.yml").read_text().replace("using: composite", "using: magic"))
    with pytest.raises(AssertionError):
        valid("vendor.github-actions", wrong)


@pytest.mark.parametrize(
    ("block", "name", "schema"),
    [("GitHub Actions", "test.yaml", "vendor.github-workflows"), ("GitLab CI", ".gitlab-ci.yml", "vendor.gitlab-ci")],
)
def test_the_pipelines_of_the_page(tmp_path: Path, block: str, name: str, schema: str) -> None:
    """Each block of YAML of docs/ci.md is what its service reads."""
    page = (ROOT / "docs" / "ci.md").read_text()
    section = page.partition(f"\n## {block}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    assert blocks
    for number, text in enumerate(blocks):
        path = tmp_path / str(number) / name
        path.parent.mkdir()
        path.write_text(text)
        valid(schema, path)


class Runner:
    """What a runner does with the steps of a composite action."""

    def __init__(self, folder: Path, inputs: dict[str, str]) -> None:
        self._action: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
        known = self._action["inputs"]
        assert set(inputs) <= set(known)
        self._inputs = {name: inputs.get(name, one["default"]) for name, one in known.items()}
        self._files = {key: folder / key for key in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH")}
        for path in self._files.values():
            path.touch()
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OS_")}
        self.environment = {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_STATE_HOME": str(folder),
            "RUNNER_TEMP": str(folder),
            **{key: str(path) for key, path in self._files.items()},
        }

    def run(self) -> None:
        """Every step whose condition holds."""
        for step in self._action["runs"]["steps"]:
            condition = re.fullmatch(r"inputs\.(\w+) != ''", step["if"]) if "if" in step else None
            assert condition or "if" not in step, f"a condition that this runner cannot read: {step['if']}"
            if condition and not self._inputs[condition[1]]:
                continue
            assert "${{" not in step["run"], "what a caller says is no part of a script"
            given = {key: self._value(text) for key, text in step.get("env", {}).items()}
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                env={**self.environment, **given},
                capture_output=True,
                text=True,
                timeout=SECONDS_MAX,
                check=False,
            )
            assert done.returncode == 0, f"{step['name']}:\n{done.stdout}{done.stderr}"

    def _value(self, text: str) -> str:
        found = re.fullmatch(r"\$\{\{ inputs\.(\w+) \}\}", text)
        return self._inputs[found[1]] if found else str(ROOT)

    def told(self, file: str) -> dict[str, str]:
        """What the steps wrote for the steps after them."""
        lines = self._files[file].read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def outputs(self) -> dict[str, str]:
        """The outputs of the action."""
        said = self.told("GITHUB_OUTPUT")
        names = {name: one["value"] for name, one in self._action["outputs"].items()}
        return {
            name: said[value.removeprefix("${{ steps.start.outputs.").removesuffix(" }}")]
            for name, value in names.items()
        }


def test_its_steps(tmp_path: Path) -> None:
    """A cloud that is there, and the variables of the user who was asked for."""
    words = "--port=0\n\n  --services=network  \n--set\nlists.ignore_case=false\n"
    runner = Runner(tmp_path, {"package": "", "arguments": words, "user": "demo_reader"})
    try:
        runner.run()
        outputs, variables = runner.outputs(), runner.told("GITHUB_ENV")
        with closing(JsonClient(f"{outputs['url']}/_mopenstack", None, "")) as client:
            status, shown = client.ask("GET", "/status"), client.ask("GET", "/clouds")
    finally:
        command("stop", state=tmp_path, check=False)
    assert status["clouds"] == ["default"]
    assert shown["clouds"][0]["options"] == {"lists.ignore_case": "false"}
    assert outputs["auth-url"] == variables["OS_AUTH_URL"] == f"{outputs['url']}/identity/v3"
    assert re.fullmatch(r"127\.0\.0\.1:\d+", outputs["grpc"])
    assert variables["OS_USERNAME"] == "demo_reader"
    assert variables["OS_PASSWORD"] == "secret"

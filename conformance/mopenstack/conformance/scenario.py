"""A scenario: one folder that reads alone, with plain Terraform that works by hand too.

`terraform-fixtures/<tree>/<service>/<scenario>/` holds `scenario.yaml`, whose schema is `Scenario`, and the `.tf`
files. A later step of an `updates` scenario is the same configuration with other variables, kept in a `.tfvars` file.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from mopenstack.conformance.errors import ScenarioError
from mopenstack.conformance.features import Feature

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Tree(StrEnum):
    """What a scenario proves."""

    WORKING = "working"
    """Apply works, the next plan is empty, destroy leaves nothing behind."""
    UPDATES = "updates"
    """Each step applies, and after each the plan is empty."""
    MISCONFIGURED = "misconfigured"
    """The cloud refuses with the documented status and message."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Strict):
    """One apply."""

    name: Text
    var_file: str | None = Field(default=None, description="Variables of this step, a .tfvars file of the folder.")
    expect_resource_action: dict[str, list[Literal["create", "read", "update", "delete", "no-op"]]] = Field(
        default_factory=dict,
        description="Address to the actions that the plan of this step must show, in Terraform's own words: a "
        "replacement is [delete, create].",
    )


class Refusal(_Strict):
    """How the cloud must refuse."""

    status: int = Field(ge=400, lt=500)
    message: Text = Field(
        description="The service's words; `{id}` stands for any UUID, and all other white space and text are literal."
    )
    source: Text = Field(description="Where the words come from: the situation that was recorded on a real cloud.")


class Expectations(_Strict):
    """What must hold besides what the tree demands."""

    resources: int | None = Field(default=None, ge=1, description="Managed resources in the state after the last step.")
    outputs: dict[str, str] = Field(default_factory=dict, description="Output name to a regular expression.")
    refusal: Refusal | None = None


class Scenario(_Strict):
    """The schema of `scenario.yaml`."""

    id: Identifier = Field(description="Stable: it names the case in scorecards for ever.")
    description: Text
    tree: Tree
    service: Identifier
    user: Literal["demo", "admin"] = "demo"
    features: list[Feature] = Field(
        min_length=1,
        description="What a cloud must have, else the scenario is not run (mopenstack.conformance.features).",
    )
    options: list[Text] = Field(
        default_factory=list,
        description="NAME=VALUE: options of its fresh cloud; a cloud of clouds.yaml must be so already.",
    )
    steps: list[Step] = Field(min_length=1)
    expect: Expectations = Expectations()
    folder: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="after")
    def _tree_and_expectations_agree(self) -> Self:
        if (self.tree is Tree.MISCONFIGURED) != (self.expect.refusal is not None):
            raise ValueError("a misconfigured scenario, and no other, says how it is refused (expect.refusal)")
        if self.tree is Tree.UPDATES and len(self.steps) < 2:
            raise ValueError("an updates scenario has at least two steps")
        return self


def load(folder: Path) -> Scenario:
    """The scenario of a folder, checked against its place in the tree and its own files."""
    path = folder / "scenario.yaml"
    try:
        scenario = Scenario.model_validate({**yaml.safe_load(path.read_text()), "folder": folder})
    except (OSError, TypeError, yaml.YAMLError, ValidationError) as error:
        raise ScenarioError(f"{path}: {error}") from error
    tree, service = folder.parent.parent.name, folder.parent.name
    if (scenario.tree.value, scenario.service) != (tree, service):
        raise ScenarioError(f"{path}: it says {scenario.tree}/{scenario.service} and lies in {tree}/{service}")
    if not list(folder.glob("*.tf")):
        raise ScenarioError(f"{folder}: no .tf file")
    for step in scenario.steps:
        if step.var_file and not (folder / step.var_file).is_file():
            raise ScenarioError(f"{path}: step {step.name!r} names {step.var_file}, which is not there")
    return scenario


def discover(root: Path) -> list[Scenario]:
    """Every scenario under the fixtures folder, sorted by tree, service and id; ids are unique."""
    scenarios = [load(path.parent) for path in sorted(root.glob("*/*/*/scenario.yaml"))]
    seen: dict[str, Path] = {}
    for scenario in scenarios:
        if scenario.id in seen:
            raise ScenarioError(f"{scenario.id} names both {seen[scenario.id]} and {scenario.folder}")
        seen[scenario.id] = scenario.folder
    order = list(Tree)
    return sorted(scenarios, key=lambda one: (order.index(one.tree), one.service, one.id))


def select(
    scenarios: list[Scenario], *, service: str | None = None, tree: str | None = None, names: list[str] | None = None
) -> list[Scenario]:
    """The scenarios asked for; a name that matches nothing is an error, never an empty success."""
    unknown = set(names or ()) - {scenario.id for scenario in scenarios}
    if unknown:
        raise ScenarioError(f"no scenario is called {', '.join(sorted(unknown))}")
    chosen = [
        scenario
        for scenario in scenarios
        if (not service or scenario.service == service)
        and (not tree or scenario.tree.value == tree)
        and (not names or scenario.id in names)
    ]
    if not chosen:
        raise ScenarioError(f"no scenario matches service {service!r} and tree {tree!r}")
    return chosen

"""A scenario: one folder that reads alone, with plain Terraform that works by hand too.

`terraform-fixtures/<tree>/<service>/<scenario>/` holds `scenario.yaml`, whose schema is `Scenario`, and the `.tf`
files. A later step of an `updates` scenario is the same configuration with other variables, kept in a `.tfvars` file,
or with other `.tf` files, kept in a folder.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

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


class SignIn(StrEnum):
    """How Terraform shows the cloud who it is."""

    PASSWORD = "password"  # noqa: S105 - a way, no secret
    """The account's variables as they are: user, password and project."""
    APPLICATION_CREDENTIAL = "application-credential"
    """The id and secret of an application credential that the account made before."""
    TOKEN = "token"  # noqa: S105 - a way, no secret
    """A token of the account, and no password."""
    CLOUDS_YAML = "clouds-yaml"
    """An entry of a `clouds.yaml`, and `OS_CLOUD`."""


class Request(_Strict):
    """One request past Terraform, by the same account. `{address.attribute}` is a value of the state."""

    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    service: Identifier = Field(description="Type in the catalog.")
    path: Text = Field(description="Below the service's base, with the version: /v2.0/networks/{...}.")
    body: dict[str, Any] | None = None


class Step(_Strict):
    """One apply."""

    name: Text
    var_file: str | None = Field(default=None, description="Variables of this step, a .tfvars file of the folder.")
    overlay: str | None = Field(
        default=None, description="A folder whose files are laid over the configuration from this step on."
    )
    sign_in: SignIn = Field(default=SignIn.PASSWORD, description="How this step, and no other, signs in.")
    outside: list[Request] = Field(
        default_factory=list, description="What is changed past Terraform before this step; each must be answered 2xx."
    )
    drift: list[Text] = Field(
        default_factory=list,
        description="Addresses that a refresh-only plan must then find changed, and no others.",
    )
    expect_resource_action: dict[str, list[Literal["create", "read", "update", "delete", "no-op"]]] = Field(
        default_factory=dict,
        description="Address to the actions that the plan of this step must show, in Terraform's own words: a "
        "replacement is [delete, create], and [create, delete] with create_before_destroy.",
    )


class Refusal(_Strict):
    """How the cloud must refuse."""

    status: int = Field(ge=400, lt=600)
    message: Text = Field(
        description="The service's words; `{id}` stands for any UUID, and all other white space and text are literal."
    )
    source: Text = Field(description="Where the words come from: the situation that was recorded on a real cloud.")


class Expectations(_Strict):
    """What must hold besides what the tree demands."""

    resources: int | None = Field(default=None, ge=1, description="Managed resources in the state after the last step.")
    imports: bool = Field(
        default=False,
        alias="import",
        description="All that can be imported is imported into a state without it, and the plan is then empty.",
    )
    outputs: dict[str, str] = Field(default_factory=dict, description="Output name to a regular expression.")
    stays: list[Text] = Field(
        default_factory=list,
        description="What the service keeps of it when all is destroyed, as `<service> <collection> <name>`: the keys "
        "that an order of Barbican made.",
    )
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
    state_in_s3: bool = Field(
        default=False,
        description="The state is kept and locked in a bucket of the cloud's S3: the configuration has the backend.",
    )
    parallelism: int | None = Field(default=None, ge=1, description="Terraform's -parallelism, for every command.")
    steps: list[Step] = Field(min_length=1)
    expect: Expectations = Expectations()
    folder: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="after")
    def _tree_and_expectations_agree(self) -> Self:
        if (self.tree is Tree.MISCONFIGURED) != (self.expect.refusal is not None):
            raise ValueError("a misconfigured scenario, and no other, says how it is refused (expect.refusal)")
        if self.tree is Tree.MISCONFIGURED and self.expect.imports:
            raise ValueError("what is refused cannot be imported (expect.import)")
        if any(step.drift and not step.outside for step in self.steps):
            raise ValueError("a step with drift says what is changed outside")
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
        if step.overlay and not (folder / step.overlay).is_dir():
            raise ScenarioError(f"{path}: step {step.name!r} names the folder {step.overlay}, which is not there")
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

"""Scenarios: the schema refuses what does not read alone, and the shipped ones obey it."""

from collections import Counter
from pathlib import Path

import pytest

from mopenstack.conformance.errors import ScenarioError
from mopenstack.conformance.paths import fixtures_folder
from mopenstack.conformance.scenario import Tree, discover, load, select

WORKING = """
id: one
description: A network.
tree: working
service: network
features: [network]
steps:
  - name: create
"""


def write(root: Path, text: str, tree: str = "working", service: str = "network", name: str = "one") -> Path:
    """A scenario folder with an empty configuration."""
    folder = root / tree / service / name
    folder.mkdir(parents=True)
    (folder / "scenario.yaml").write_text(text)
    (folder / "main.tf").write_text("")
    return folder


def test_the_shipped_scenarios_are_enough_and_valid() -> None:
    """At least 8 working, 4 updates and 4 misconfigured scenarios load."""
    trees = Counter(scenario.tree for scenario in discover(fixtures_folder()))
    assert trees[Tree.WORKING] >= 8
    assert trees[Tree.UPDATES] >= 4
    assert trees[Tree.MISCONFIGURED] >= 4


def test_the_demo_stack_is_large_enough() -> None:
    """The three-tier stack makes at least 30 resources."""
    (stack,) = select(discover(fixtures_folder()), names=["stack-three-tier"])
    assert (stack.expect.resources or 0) >= 30


def test_a_scenario_loads(tmp_path: Path) -> None:
    """The smallest scenario has an id, a description, its place, features and a step."""
    scenario = load(write(tmp_path, WORKING))
    assert scenario.id == "one"
    assert scenario.user == "demo"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (WORKING + "colour: red\n", "colour"),
        (WORKING.replace("id: one", "id: One Two"), "id"),
        (WORKING.replace("features: [network]", "features: []"), "features"),
        (WORKING.replace("features: [network]", "features: [compute 2]"), "features"),
        (WORKING.replace("features: [network]", "features: ['extension: qos']"), "features"),
        (WORKING.replace("working", "updates"), "at least two steps"),
        (WORKING.replace("working", "misconfigured"), "expect.refusal"),
        (WORKING + "expect:\n  refusal: {status: 400, message: no, source: here}\n", "expect.refusal"),
        (WORKING.replace("- name: create", "- {name: create, var_file: step-2.tfvars}"), "step-2.tfvars"),
        (WORKING.replace("- name: create", "- {name: create, overlay: moved}"), "the folder moved"),
        (WORKING.replace("- name: create", "- {name: create, drift: [a.b]}"), "changed outside"),
        (WORKING.replace("- name: create", "- {name: create, sign_in: magic}"), "sign_in"),
        (WORKING + "parallelism: 0\n", "parallelism"),
        (WORKING.replace("service: network", "service: compute"), "lies in working/network"),
        ("- a list\n", "scenario.yaml"),
    ],
)
def test_a_scenario_that_does_not_say_what_it_must_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """The error names the file and what is wrong with it."""
    tree = "updates" if "tree: updates" in text else "misconfigured" if "tree: misconfigured" in text else "working"
    with pytest.raises(ScenarioError, match=complaint):
        load(write(tmp_path, text, tree))


def test_an_id_names_one_scenario(tmp_path: Path) -> None:
    """Scorecards name scenarios by id, so that no two may share one."""
    write(tmp_path, WORKING, name="one")
    write(tmp_path, WORKING, name="two")
    with pytest.raises(ScenarioError, match="names both"):
        discover(tmp_path)


def test_asking_for_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A run of nothing must not look like a success."""
    write(tmp_path, WORKING)
    scenarios = discover(tmp_path)
    with pytest.raises(ScenarioError, match="nothing-like-it"):
        select(scenarios, names=["nothing-like-it"])
    with pytest.raises(ScenarioError, match="no scenario matches"):
        select(scenarios, service="compute")
    assert select(scenarios, service="network", tree="working") == scenarios

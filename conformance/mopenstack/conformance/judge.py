"""Runs one scenario and gives the verdict: what each tree demands, and what the scenario adds."""

import re
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from mopenstack.conformance.cloud import Cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import lack, look, regions_of
from mopenstack.conformance.imports import resources
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.openstack import Inventory, Session, left_behind
from mopenstack.conformance.outside import change
from mopenstack.conformance.scenario import Refusal, Scenario, SignIn, Step, Tree
from mopenstack.conformance.sign_in import sign_in
from mopenstack.conformance.state_backend import NotKept, state_of
from mopenstack.conformance.tools import get_tool, provider_of
from mopenstack.conformance.workspace import TerraformFailed, Workspace

UUID = r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"
KEPT_OUTPUT = 4000


class Broken(Exception):
    """The cloud did not do what the scenario demands."""


def judge(
    scenario: Scenario, cloud: Cloud, scratch: Path, tool: str, doing: Callable[[str], None] = lambda _: None
) -> Result:
    """Run a scenario on a cloud with `terraform` or `opentofu`; `doing` is told what is begun."""
    result = Result(
        case=scenario.id,
        tool=tool,
        service=scenario.service,
        outcome=Outcome.PASSED,
        negative=scenario.tree is Tree.MISCONFIGURED,
        drift_free=None if scenario.tree is Tree.MISCONFIGURED else False,
        reproduce=reproduce(scenario, tool),
    )
    account = cloud.account(scenario.user)
    if account is None:
        return _not_run(result, "no administrator for this cloud")
    started = time.monotonic()
    try:
        features = look(cloud, account)
        missing = features.lacks(scenario.features)
    except CloudError as error:
        return result.model_copy(update={"outcome": Outcome.FAILED, "drift_free": None, "reason": str(error)[:300]})
    if missing:
        return _not_run(result, lack(missing))
    steps: list[str] = []
    settings = terraform_settings(scenario, tool)
    environment = account.environment(**settings)
    workspace = Workspace(scenario, scratch, get_tool(tool).require().path or Path(tool), environment, doing)
    try:
        with ExitStack() as stack:
            state = stack.enter_context(state_of(scenario, features.session))
            settings |= state.variables
            environment = account.environment(**settings)
            workspace.use(environment)
            ways = {step.sign_in: sign_in(step.sign_in, account, scratch) for step in scenario.steps}
            accounts = {way: stack.enter_context(signed_in) for way, signed_in in ways.items()}
            before = features.session.inventory(regions_of(scenario.features))
            workspace.init()
            if scenario.tree is Tree.MISCONFIGURED:
                _must_be_refused(scenario, workspace, steps)
            else:
                environments = {way: one.environment(**settings) for way, one in accounts.items()}
                must_work(scenario, workspace, environments, features.session, steps)
                workspace.use(environment)
                state.check(workspace, scenario.steps[-1], steps)
            _must_leave_nothing(scenario, workspace, before, steps, account_session=Session(account))
        verdict: dict[str, object] = {"drift_free": None if result.negative else True}
    except (Broken, NotKept, TerraformFailed, CloudError) as error:
        text = str(error)
        reason = text.splitlines()[0] if isinstance(error, Broken) else first_line(text)
        verdict = {"outcome": Outcome.FAILED, "reason": reason[:300], "output": text[-KEPT_OUTPUT:]}
        workspace.use(environment)
        _tidy_up(scenario, workspace)
        if not result.negative and "the plan after" not in text:
            verdict["drift_free"] = None
    return result.model_copy(update={**verdict, "steps": steps, "seconds": round(time.monotonic() - started, 2)})


def _not_run(result: Result, reason: str) -> Result:
    return result.model_copy(update={"outcome": Outcome.NOT_RUN, "drift_free": None, "reason": reason})


def terraform_settings(scenario: Scenario, tool: str) -> dict[str, str]:
    """Terraform's own variables: the provider's mirror, and options of the commands."""
    settings = {
        "TF_CLI_CONFIG_FILE": str(provider_of(tool).cli_config()),
        "TF_IN_AUTOMATION": "1",
        "CHECKPOINT_DISABLE": "1",
    }
    if scenario.parallelism is not None:
        walks = ("plan", "apply", "destroy")
        settings |= {f"TF_CLI_ARGS_{command}": f"-parallelism={scenario.parallelism}" for command in walks}
    return settings


def must_work(
    scenario: Scenario,
    workspace: Workspace,
    environments: dict[SignIn, dict[str, str]],
    session: Session,
    steps: list[str],
) -> None:
    """Each step plans what it says, applies, and leaves an empty plan."""
    managed: list[str] = []
    for step in scenario.steps:
        workspace.use(environments[step.sign_in])
        _change_outside(step, workspace, session, steps)
        if step.overlay:
            workspace.lay_over(step.overlay)
        if step.expect_resource_action:
            planned = workspace.planned_actions(step)
            for address, wanted in step.expect_resource_action.items():
                if planned.get(address) != list(wanted):
                    raise Broken(f"{step.name}: {address} is planned as {planned.get(address)}, expected {wanted}")
        workspace.apply(step)
        drift = workspace.drift(step)
        if drift:
            raise Broken(f"the plan after step {step.name!r} is not empty:\n{drift}")
        managed = [one.address for one in resources(workspace.state()) if not one.is_data]
        steps += [f"{step.name}: terraform apply, {len(managed)} resources", f"{step.name}: the next plan is empty"]
    expected = scenario.expect
    if expected.resources is not None and len(managed) != expected.resources:
        raise Broken(f"{len(managed)} resources in the state, expected {expected.resources}: {', '.join(managed)}")
    outputs = workspace.outputs() if expected.outputs else {}
    for name, pattern in expected.outputs.items():
        if not re.search(pattern, str(outputs.get(name))):
            raise Broken(f"output {name} is {outputs.get(name)!r}, expected /{pattern}/")
    if expected.imports:
        imported, besides = workspace.import_all(scenario.steps[-1])
        if besides or not imported:
            raise Broken(f"the plan after an import of {imported} resources is not empty:\n{besides}")
        steps.append(f"terraform import of {imported} resources, and the plan is empty")


def _change_outside(step: Step, workspace: Workspace, session: Session, steps: list[str]) -> None:
    """The requests past Terraform are made, and a refresh-only plan sees what the step says."""
    if not step.outside:
        return
    if step.drift:
        workspace.refresh(step)
    change(session, step.outside, workspace.state())
    if step.drift:
        seen = workspace.changed_outside(step)
        if seen != sorted(step.drift):
            raise Broken(f"{step.name}: a refresh-only plan sees changes of {seen}, expected {sorted(step.drift)}")
        steps.append(f"{step.name}: a refresh-only plan sees what was changed outside")


def _must_be_refused(scenario: Scenario, workspace: Workspace, steps: list[str]) -> None:
    """The apply of the last step fails as documented; earlier steps prepare the ground and must work."""
    refusal = scenario.expect.refusal
    assert refusal is not None
    *preparation, last = scenario.steps
    for step in preparation:
        workspace.apply(step)
    try:
        workspace.apply(last)
    except TerraformFailed as error:
        problem = refusal_mismatch(refusal, str(error))
        if problem:
            raise Broken(f"{problem}\n{error}") from error
        steps.append(f"{last.name}: refused with {refusal.status}: {refusal.message}")
        return
    raise Broken(f"apply worked, expected {refusal.status}: {refusal.message}")


def _must_leave_nothing(
    scenario: Scenario, workspace: Workspace, before: Inventory, steps: list[str], *, account_session: Session
) -> None:
    """Destroy works and the account then sees exactly what it saw before."""
    workspace.destroy(_destroy_step(scenario))
    stays = {f"{one} was left behind" for one in scenario.expect.stays}
    found = left_behind(before, account_session.authenticate().inventory(regions_of(scenario.features)))
    changes = [*(one for one in found if one not in stays), *sorted(stays.difference(found))]
    if changes:
        raise Broken("; ".join(changes))
    steps.append("terraform destroy, and nothing is left behind")


def _tidy_up(scenario: Scenario, workspace: Workspace) -> None:
    """After a failure, so that a cloud that outlives the run is left as clean as can be; the verdict stands already."""
    with suppress(TerraformFailed):
        workspace.destroy(_destroy_step(scenario))


def _destroy_step(scenario: Scenario) -> Step:
    return scenario.steps[-1]


def refusal_mismatch(refusal: Refusal, said: str) -> str:
    """Empty when Terraform's error shows the status and the message, else what is wrong."""
    text = flatten(said)
    # Of Manila's refusals the provider shows the envelope: "badRequest (400): ...".
    if f"got {refusal.status} instead" not in text and f" ({refusal.status}): " not in text:
        found = re.search(r"got (\d{3}) instead", text)
        return f"expected status {refusal.status}, got {found.group(1) if found else 'none'}"
    pattern = re.escape(flatten(refusal.message)).replace(r"\{id\}", UUID)
    if not re.search(pattern, text):
        return f"status {refusal.status}, but not the message {refusal.message!r}"
    return ""


def flatten(text: str) -> str:
    """Terraform wraps long errors inside a frame; one line, with JSON's escaped quotes undone, can be searched."""
    bare = re.sub(r"\x1b\[[0-9;]*m", "", text)
    without_frame = "\n".join(re.sub(r"^\s*[│╷╵|]\s?", "", line) for line in bare.splitlines())
    return re.sub(r"\s+", " ", without_frame).replace('\\"', '"')


def first_line(text: str) -> str:
    """What a person wants to read first: Terraform's `Error:` line, else the first line."""
    lines = [re.sub(r"^\s*[│╷╵]\s?", "", line).strip() for line in text.splitlines()]
    errors = [line for line in lines if line.startswith("Error:")]
    return next(iter(errors or [line for line in lines if line] or [""]))[:300]


def reproduce(scenario: Scenario, tool: str) -> str:
    """The command that runs this scenario alone."""
    return f"mopenstack conformance run --tool {tool} {scenario.id}"

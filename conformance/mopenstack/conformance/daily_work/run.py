"""Runs the cases on one cloud, from the token to the tear-down."""

import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from mopenstack.conformance.cloud import existing_cloud, running_host
from mopenstack.conformance.daily_work import basics, clusters, databases, further, stacks, workflows
from mopenstack.conformance.daily_work.shell import PREFIX, Case, Shell, Unexpected
from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.features import lack, look
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.openstack import Session, left_behind
from mopenstack.conformance.options import Options
from mopenstack.conformance.tools import get_tool

TOOL = "daily-work"

MADE = (
    ("compute", "server", "--wait"),
    ("block-storage", "volume"),
    ("image", "image"),
    ("network", "subnet"),
    ("network", "network"),
)
"""Service, kind and the options of its delete, in the order in which they can be deleted."""


def _tear_down(shell: Shell) -> None:
    """Deletes whatever of the above exists, so that a failure leaves nothing for the next run."""
    databases.clear(shell)
    further.clear(shell)
    if shell.features.has("container-infra"):
        clusters.clear(shell)
    if shell.features.has("orchestration"):
        stacks.clear(shell)
    if shell.features.has("workflow"):
        workflows.clear(shell)
    for service, kind, *options in MADE:
        if shell.features.has(service) and f"{PREFIX}-{kind}" in shell.listed(kind, "list"):
            shell.text(kind, "delete", *options, f"{PREFIX}-{kind}")
    for _ in range(10):
        changes = left_behind(shell.known["before"], Session(shell.account).authenticate().inventory())
        if not changes:
            return
        time.sleep(1)
    raise Unexpected("; ".join(changes))


CASES = (
    *basics.CASES,
    *further.CASES,
    *clusters.CASES,
    *databases.CASES,
    *workflows.CASES,
    *stacks.CASES,
    Case("tear-down", "compute", _tear_down, always=True),
)


def run_daily_work(options: Options) -> list[Result]:
    """The cases in order, on one cloud. A service or name chooses what is reported; needed cases run with it."""
    executable = get_tool("python-clients").require().path
    reported = _chosen(options)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mopenstack-daily-work-")))
        cloud = (
            existing_cloud(options.cloud)
            if options.cloud
            else stack.enter_context(running_host(options.answers)).create_cloud()
        )
        features = look(cloud, cloud.demo)
        shell = Shell(executable or Path("openstack"), cloud.demo, folder, options.time_limit, features)
        shell.known["before"] = features.session.inventory()
        results: dict[str, Result] = {}
        for case in CASES:
            if case.name in reported | _needed(reported) or case.name == "tear-down":
                results[case.name] = judge(case, shell, results)
                if case.name in reported:
                    options.on_result(results[case.name])
    return [result for name, result in results.items() if name in reported]


def judge(case: Case, shell: Shell, earlier: dict[str, Result]) -> Result:
    """One case's verdict."""
    result = Result(
        case=case.name,
        tool=TOOL,
        service=case.service,
        outcome=Outcome.PASSED,
        negative=case.negative,
        reproduce=f"mopenstack conformance run --tool {TOOL} {case.name}",
    )
    missing = [] if case.always else shell.features.lacks([case.service])
    if missing:
        return result.model_copy(update={"outcome": Outcome.NOT_RUN, "reason": lack(missing)})
    unmet = [name for name in case.needs if earlier[name].outcome is not Outcome.PASSED]
    if unmet:
        return result.model_copy(
            update={"outcome": Outcome.NOT_RUN, "reason": f"{', '.join(unmet)} did not pass before it"}
        )
    started = time.monotonic()
    update: dict[str, object] = {}
    try:
        case.run(shell)
    except (Unexpected, KeyError, subprocess.TimeoutExpired) as error:
        text = str(error).strip() or repr(error)
        update = {"outcome": Outcome.FAILED, "reason": text.splitlines()[-1][:400], "output": text[-4000:]}
    return result.model_copy(update={**update, "seconds": round(time.monotonic() - started, 2)})


def _chosen(options: Options) -> set[str]:
    names = {case.name for case in CASES}
    unknown = set(options.names) - names
    if unknown:
        raise ConformanceError(f"no case is called {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
    chosen = {
        case.name
        for case in CASES
        if (not options.names or case.name in options.names)
        and (not options.service or case.service == options.service)
    }
    if not chosen:
        raise ConformanceError(f"no case of service {options.service!r}")
    return chosen


def _needed(names: set[str]) -> set[str]:
    """What must run before the named cases, at any distance."""
    needed: set[str] = set()
    for case in reversed(CASES):
        if case.name in names | needed:
            needed |= set(case.needs)
    return needed

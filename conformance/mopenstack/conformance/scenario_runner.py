"""Runs the scenarios under pytest with xdist, a cloud each, and collects the verdicts."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from mopenstack.conformance.cloud import running_host
from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.judge import reproduce
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.paths import fixtures_folder, package_file
from mopenstack.conformance.process import BEAT_SECONDS
from mopenstack.conformance.scenario import Scenario, Tree, discover, select
from mopenstack.conformance.suite.plugin import BROKEN, HOSTS, TLS
from mopenstack.conformance.tools import get_tool, provider_of

POLL_SECONDS = 0.2


def run_scenarios(options: Options) -> list[Result]:
    """Every scenario asked for, by Terraform."""
    return _run(options, "terraform")


def run_with_opentofu(options: Options) -> list[Result]:
    """Every scenario asked for, by OpenTofu."""
    return _run(options, "opentofu")


def _run(options: Options, tool: str) -> list[Result]:
    """Each scenario on a cloud of its own, or on the named one."""
    chosen = select(discover(fixtures_folder()), service=options.service, tree=options.tree, names=options.names)
    get_tool(tool).require()
    provider_of(tool).require()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mopenstack-scenarios-")))
        arguments = [f"--mopenstack-tool={tool}"]
        arguments += [f"--mopenstack-scenario={scenario.id}" for scenario in chosen]
        if options.cloud:
            # Side by side on one cloud, one scenario's resources would be another one's left-overs.
            arguments += [f"--mopenstack-cloud={options.cloud}", "-n0"]
            arguments += [f"--mopenstack-admin-cloud={options.admin_cloud}"] if options.admin_cloud else []
        else:
            for tls, option in HOSTS.items():
                if any((TLS in scenario.features) == tls for scenario in chosen):
                    options.on_doing("mopenstack starts")
                    host = stack.enter_context(running_host(options.answers, tls=tls))
                    arguments.append(f"{option}={host.folder}")
            arguments.append(f"-n{min(options.workers, len(chosen))}")
        results_file = scratch / "results.jsonl"
        read = partial(_read, results_file, chosen, tool)
        said = _run_pytest([*arguments, f"--mopenstack-results={results_file}"], scratch, read, options)
        results = {result.case: result for result in read()}
    missing = [scenario.id for scenario in chosen if scenario.id not in results]
    if missing:
        raise ConformanceError(f"pytest gave no verdict on {', '.join(missing)}:\n{said[-3000:]}")
    return [results[scenario.id] for scenario in chosen]


def _run_pytest(arguments: list[str], scratch: Path, read: Callable[[], list[Result]], options: Options) -> str:
    """Run pytest as a process of its own, so that no option or plugin of a surrounding run reaches it."""
    suite = package_file("suite")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(suite / "pytest.ini"), f"--rootdir={suite}"]
    command += ["-p", "no:mopenstack", "-p", "mopenstack.conformance.suite.plugin", f"--basetemp={scratch / 'tmp'}"]
    command += [*arguments, str(suite / "scenarios.py")]
    shown, doing = 0, Doing(scratch / "doing.txt", options.on_doing)
    command[-1:-1] = [f"--mopenstack-doing={doing.path}"]
    log = scratch / "pytest.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603
        try:
            while True:
                ended = process.poll() is not None
                results = read()
                doing.look()
                for result in results[shown:]:
                    options.on_result(result)
                    doing.say(f"{result.case}: its cloud is deleted")
                shown = len(results)
                if ended:
                    break
                _wait(process)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    return log.read_text()


class Doing:
    """What the scenarios say that they begin; where they say nothing for a while, that they still do it."""

    def __init__(self, path: Path, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self.path, self._tell, self._clock = path, tell, clock
        self._read, self._last, self._since, self._beats = 0, "pytest starts", clock(), 0

    def look(self) -> None:
        """Tell what is new."""
        text = self.path.read_text()[self._read :] if self.path.exists() else ""
        whole = text[: text.rfind("\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            self.say(line)
        taken = self._clock() - self._since
        if taken // BEAT_SECONDS > self._beats:
            self._beats = int(taken // BEAT_SECONDS)
            self._tell(f"{self._last}: {taken:.0f} s")

    def say(self, line: str) -> None:
        """Tell what is done from now on."""
        self._tell(line)
        self._last, self._since, self._beats = line, self._clock(), 0


def _wait(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return


def _read(path: Path, chosen: list[Scenario], tool: str) -> list[Result]:
    """The verdicts so far; a set-up that broke is a failed case."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    return [_verdict(line.strip(), chosen, tool) for line in lines if line.endswith("\n")]


def _verdict(line: str, chosen: list[Scenario], tool: str) -> Result:
    if not line.startswith(BROKEN):
        return Result.model_validate_json(line)
    said = json.loads(line.removeprefix(BROKEN))
    scenario = next(one for one in chosen if one.id == said["case"])
    return Result(
        case=scenario.id,
        tool=tool,
        service=scenario.service,
        outcome=Outcome.FAILED,
        negative=scenario.tree is Tree.MISCONFIGURED,
        reason=f"the case broke: {said['reason']}",
        output=said["output"],
        reproduce=reproduce(scenario, tool),
    )

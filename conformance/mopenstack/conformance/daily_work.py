"""Drives the real `openstack` command line: the daily work of one user, from the token to the tear-down."""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mopenstack.conformance.cloud import Account, existing_cloud, running_host
from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.features import Features, lack, look
from mopenstack.conformance.model import Outcome, Result
from mopenstack.conformance.openstack import Session, left_behind
from mopenstack.conformance.options import Options
from mopenstack.conformance.tools import get_tool

TOOL = "daily-work"
PREFIX = "conformance"
IMAGE_BYTES = b"mopenstack conformance image\n" * 1024


class Unexpected(Exception):
    """The command line did not say what it must."""


@dataclass
class Shell:
    """The command line as one user, and what earlier cases have learnt."""

    executable: Path
    account: Account
    folder: Path
    seconds: float
    features: Features
    known: dict[str, Any] = field(default_factory=dict)

    def text(self, *arguments: str, fails: bool = False) -> str:
        """What a command says; with `fails` it must end with an error, and that is returned."""
        done = subprocess.run(  # noqa: S603
            [str(self.executable), *arguments],
            env=self.account.environment(HOME=str(self.folder)),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=self.seconds,
            check=False,
        )
        if (done.returncode != 0) is not fails:
            raise Unexpected(f"openstack {' '.join(arguments)}: exit {done.returncode}: {done.stderr}{done.stdout}")
        return done.stderr if fails else done.stdout

    def show(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        said = self.text(*arguments, "-f", "json")
        try:
            return json.loads(said)
        except ValueError as error:
            raise Unexpected(f"openstack {' '.join(arguments)} printed no JSON: {said!r}") from error

    def listed(self, *arguments: str) -> dict[str, Any]:
        """A list as name to row."""
        return {row["Name"]: row for row in self.show(*arguments)}


@dataclass(frozen=True)
class Case:
    """One command, or a few that belong together, with its checks."""

    name: str
    service: str
    run: Callable[[Shell], None]
    needs: tuple[str, ...] = ()
    negative: bool = False
    always: bool = False
    """Whether it is run on a cloud that lacks its service."""


def must(condition: bool, what: str) -> None:
    """A check that says what was wrong."""
    if not condition:
        raise Unexpected(what)


def _token_issue(shell: Shell) -> None:
    token = shell.show("token", "issue")
    must({"id", "expires", "project_id", "user_id"} <= token.keys(), f"a token without its parts: {token}")


def _wrong_password(shell: Shell) -> None:
    said = shell.text("--os-password", "wrong", "token", "issue", fails=True)
    must("The request you have made requires authentication. (HTTP 401)" in said, said)


def _catalog_list(shell: Shell) -> None:
    types = {row["Type"] for row in shell.show("catalog", "list")}
    listed = set(shell.features.session.catalog)
    must(listed <= types, f"the catalog has only {sorted(types)}, not {sorted(listed - types)}")


def _image_create(shell: Shell) -> None:
    path = shell.folder / "image.raw"
    path.write_bytes(IMAGE_BYTES)
    arguments = ["--file", str(path), "--disk-format", "raw", "--container-format", "bare"]
    shell.show("image", "create", *arguments, f"{PREFIX}-image")
    image = shell.show("image", "show", f"{PREFIX}-image")
    must(image["status"] == "active" and image["size"] == len(IMAGE_BYTES), f"the image is {image}")


def _image_save(shell: Shell) -> None:
    shell.text("image", "save", "--file", "saved.raw", f"{PREFIX}-image")
    must((shell.folder / "saved.raw").read_bytes() == IMAGE_BYTES, "the image's bytes came back changed")


def _network_create(shell: Shell) -> None:
    network = shell.show("network", "create", f"{PREFIX}-network")
    must(network["status"] == "ACTIVE", f"the network is {network}")


def _subnet_create(shell: Shell) -> None:
    arguments = ["--network", f"{PREFIX}-network", "--subnet-range", "10.77.0.0/24", f"{PREFIX}-subnet"]
    subnet = shell.show("subnet", "create", *arguments)
    must(subnet["gateway_ip"] == "10.77.0.1", f"the subnet is {subnet}")


def _volume_create(shell: Shell) -> None:
    shell.show("volume", "create", "--size", "1", f"{PREFIX}-volume")
    for _ in range(20):
        volume = shell.show("volume", "show", f"{PREFIX}-volume")
        if volume["status"] == "available":
            return
        time.sleep(1)
    raise Unexpected(f"the volume stays {volume['status']}")


def _server_create(shell: Shell) -> None:
    flavors = sorted(shell.show("flavor", "list"), key=lambda row: int(row["RAM"]))
    arguments = ["--flavor", flavors[0]["Name"], "--image", f"{PREFIX}-image", "--network", f"{PREFIX}-network"]
    server = shell.show("server", "create", "--wait", *arguments, f"{PREFIX}-server")
    must(server["status"] == "ACTIVE", f"the server is {server['status']}")


def _server_list(shell: Shell) -> None:
    servers = shell.listed("server", "list")
    must(servers.get(f"{PREFIX}-server", {}).get("Status") == "ACTIVE", f"the list shows {servers}")
    addresses = servers[f"{PREFIX}-server"]["Networks"]
    must(str(addresses.get(f"{PREFIX}-network", [""])[0]).startswith("10.77.0."), f"its addresses are {addresses}")


def _volume_attach(shell: Shell) -> None:
    shell.text("server", "add", "volume", f"{PREFIX}-server", f"{PREFIX}-volume")
    must(shell.show("volume", "show", f"{PREFIX}-volume")["status"] == "in-use", "the volume is not in use")
    shell.text("server", "remove", "volume", f"{PREFIX}-server", f"{PREFIX}-volume")


def _unknown_server(shell: Shell) -> None:
    said = shell.text("server", "show", f"{PREFIX}-nobody", fails=True)
    must("No Server found for" in said or "No server with a name or ID of" in said, said)


def _network_in_use(shell: Shell) -> None:
    said = shell.text("network", "delete", f"{PREFIX}-network", fails=True)
    must("There are one or more ports still in use on the network" in said, said)


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
    Case("token-issue", "identity", _token_issue),
    Case("wrong-password", "identity", _wrong_password, negative=True),
    Case("catalog-list", "identity", _catalog_list),
    Case("image-create-file", "image", _image_create),
    Case("image-save", "image", _image_save, needs=("image-create-file",)),
    Case("network-create", "network", _network_create),
    Case("subnet-create", "network", _subnet_create, needs=("network-create",)),
    Case("volume-create", "block-storage", _volume_create),
    Case("server-create-wait", "compute", _server_create, needs=("image-create-file", "subnet-create")),
    Case("server-list", "compute", _server_list, needs=("server-create-wait",)),
    Case("server-volume", "compute", _volume_attach, needs=("server-create-wait", "volume-create")),
    Case("server-unknown", "compute", _unknown_server, negative=True),
    Case("network-in-use", "network", _network_in_use, needs=("server-create-wait",), negative=True),
    Case("tear-down", "compute", _tear_down, always=True),
)


def run_daily_work(options: Options) -> list[Result]:
    """The cases in order, on one cloud. A service or name chooses what is reported; needed cases run with it."""
    executable = get_tool("openstackclient").require().path
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

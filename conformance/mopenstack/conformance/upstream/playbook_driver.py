"""Judges playbooks for another process; it takes orders and tells verdicts as driver.py does.

A playbook runs twice, the second time without a change, then with `state=absent`; the account then sees over HTTP what
it saw before. What happened is read from Ansible's JSON callback.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mopenstack.conformance.cloud import Account, existing_cloud
from mopenstack.conformance.errors import CloudError
from mopenstack.conformance.features import lack, look
from mopenstack.conformance.model import Outcome
from mopenstack.conformance.openstack import Session, left_behind
from mopenstack.conformance.upstream.ansible import ADMIN, read_case
from mopenstack.conformance.upstream.driver import TEXT_MAX, emit

LOOKS = 10
"""How often, a second apart, it is looked whether everything is gone: some services delete behind their answer."""


class Unexpected(Exception):
    """A playbook did not end as it must."""


class Report:
    """What the JSON callback says of one run."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.changed: list[str] = []
        """The tasks that changed something; in a loop each item is one."""
        self.failed: list[str] = []
        """`task: message` of each that failed, ignored and rescued ones too."""
        for play in document["plays"]:
            for task in play["tasks"]:
                for said in task["hosts"].values():
                    self._read(task["task"]["name"], said)
        for host, counts in document["stats"].items():
            if counts["unreachable"]:
                self.failed.append(f"{host} is unreachable")

    def _read(self, name: str, said: dict[str, Any]) -> None:
        items = [item for item in said.get("results") or [] if "ansible_loop_var" in item]
        for item in items:
            self._read(f"{name} ({item.get(item['ansible_loop_var'])})", item)
        if items:
            return
        if said.get("failed"):
            asserted = f" ({said['assertion']})" if "assertion" in said else ""
            self.failed.append(f"{name}: {said.get('msg') or said}{asserted}")
        if said.get("changed"):
            self.changed.append(name)


def run_playbook(playbook: Path, entry: str, *variables: str) -> Report:
    """One run as the user of an entry of clouds.yaml, with `name=value` variables."""
    words = [word for variable in variables for word in ("--extra-vars", variable)]
    done = subprocess.run(  # noqa: S603
        ["ansible-playbook", *words, str(playbook)],  # noqa: S607  # the tool's environment is first on PATH
        env=os.environ | {"OS_CLOUD": entry},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report = Report(json.loads(done.stdout))
    except ValueError as error:
        raise Unexpected(f"ansible-playbook ended with {done.returncode}: {done.stderr}{done.stdout}") from error
    if done.returncode and not report.failed:
        report.failed.append(f"ansible-playbook ended with {done.returncode}: {done.stderr}")
    return report


def judge(playbook: Path) -> tuple[Outcome, str]:
    """The verdict on one playbook, and its reason."""
    case = read_case(playbook)
    admin = os.environ.get(ADMIN)
    cloud = existing_cloud("devstack", admin)
    account = cloud.account(case.user)
    missing = look(cloud, account).lacks(case.needs)
    if missing or account is None:
        return Outcome.NOT_RUN, lack(missing)
    entry = admin if case.user == "admin" and admin else "devstack"
    try:
        _must_work(playbook, entry, account)
    except Unexpected as error:
        # The verdict stands; a cloud that outlives the run is left as clean as can be.
        with contextlib.suppress(Unexpected):
            run_playbook(playbook, entry, "state=absent")
        return Outcome.FAILED, str(error)
    return Outcome.PASSED, ""


def _must_work(playbook: Path, entry: str, account: Account) -> None:
    before = Session(account).authenticate().inventory()
    for which, variables in (("first", []), ("second", []), ("absent", ["state=absent"])):
        report = run_playbook(playbook, entry, *variables)
        if report.failed:
            raise Unexpected(f"{which} run: {'; '.join(report.failed)}")
        if which == "second" and report.changed:
            raise Unexpected(f"the second run changed something: {', '.join(report.changed)}")
        if which != "second" and not report.changed:
            raise Unexpected(f"{which} run: nothing was changed")
    for _ in range(LOOKS):
        changes = left_behind(before, Session(account).authenticate().inventory())
        if not changes:
            return
        time.sleep(1)
    raise Unexpected("; ".join(changes))


def run_tests(orders: Iterable[str]) -> None:
    """Answer each order with a verdict a playbook."""
    for line in orders:
        asked = json.loads(line)
        for name in asked["tests"]:
            started = time.monotonic()
            emit({"start": name})
            try:
                outcome, reason = judge(Path(asked["module"]))
            except CloudError as error:
                outcome, reason = Outcome.FAILED, str(error)
            seconds = round(time.monotonic() - started, 2)
            emit({"test": name, "outcome": outcome, "reason": reason[-TEXT_MAX:], "seconds": seconds})
        emit({"done": True})


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        run_tests(sys.stdin)

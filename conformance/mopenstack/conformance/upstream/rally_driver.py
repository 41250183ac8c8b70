"""Lists and runs Rally's scenarios for another process, inside Rally's own environment.

    python rally_driver.py list JOBS     one JSON list of [file, scenario], for each scenario of the task files in JOBS
    python rally_driver.py run           takes orders and tells verdicts as driver.py does: the module is the file

JOBS is the folder `rally-jobs` of rally-openstack's source, the tasks of its own gate; `samples/tasks` beside it has
what these leave out. A scenario runs with every workload that its file has for it, as it is written there. It passes
where each of them was run and no iteration failed. RALLY_JOBS, RALLY_CLOUD (JSON: the environment's specification) and
HOME say where.
"""

import contextlib
import functools
import http.server
import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent))

from driver import TEXT_MAX, emit  # it stands beside this file, not in the environment

sys.path.pop(0)  # rally.py stands there too

FILES = (
    "keystone-glance-swift",
    "nova",
    "neutron",
    "neutron-trunk",
    "neutron-with-extensions",
    "cinder",
    "heat",
    "octavia",
)
"""The gate's task files of the services that are asked."""
SAMPLES = ("authenticate", "quotas", "keystone")
"""Folders of samples for scenarios of these services that no such file has."""
DOWNLOADED = re.compile(r"https://github\.com/cirros-dev/[^\s\"']+\.img")
IMAGE = "~/.rally/extra/dummy_image.qcow2"
"""What stands for an image that Rally would download: one that its gate makes itself."""
ARGUMENTS = {"image_name": "^cirros.*-disk$"}


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is told."""


@contextlib.contextmanager
def extra_files(home: Path) -> Iterator[str]:
    """The address of the image that the gate makes, served from `~/.rally/extra`, for a cloud that is to fetch it.

    Rally looks first whether it is there.
    """
    handler = functools.partial(Files, directory=home / ".rally" / "extra")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{Path(IMAGE).name}"
        server.shutdown()


def tasks(jobs: Path, image_url: str = "") -> dict[str, list[tuple[Path, dict[str, Any]]]]:
    """Scenario -> its workloads, each with the file that has it."""
    found: dict[str, list[tuple[Path, dict[str, Any]]]] = {}
    for name in FILES:
        for scenario, workload in workloads(jobs / f"{name}.yaml", image_url):
            found.setdefault(scenario, []).append((jobs / f"{name}.yaml", workload))
    gate = set(found)
    for folder in SAMPLES:
        for path in sorted((jobs.parent / "samples" / "tasks" / "scenarios" / folder).glob("*.yaml")):
            for scenario, workload in workloads(path, image_url):
                if scenario not in gate:
                    found.setdefault(scenario, []).append((path, workload))
    return found


def workloads(path: Path, image_url: str) -> Iterable[tuple[str, dict[str, Any]]]:
    """Scenario and workload of the second format of tasks, each a whole one."""
    import jinja2

    rendered = jinja2.Environment(autoescape=False).from_string(path.read_text()).render(**ARGUMENTS)  # noqa: S701  # YAML
    document = yaml.safe_load(rendered)
    if document.get("version") != 2:
        for scenario, workloads in document.items():
            for one in workloads:
                own = {key: value for key, value in one.items() if key not in ("args", "runner", "context")}
                own["scenario"] = {scenario: one.get("args", {})}
                runner = dict(one.get("runner", {"type": "serial"}))
                own["runner"] = {runner.pop("type"): runner}
                if "context" in one:
                    own["contexts"] = one["context"]
                yield scenario, _local(own, image_url)
        return
    for subtask in document["subtasks"]:
        for one in subtask.get("workloads", [subtask]):
            own = {key: value for key, value in one.items() if key not in ("title", "description", "tags")}
            yield next(iter(own["scenario"])), _local(own, image_url)


def _local(workload: dict[str, Any], image_url: str) -> dict[str, Any]:
    """A workload without the internet: Rally takes its image from a file, a cloud that fetches one from `image_url`."""
    image = image_url if "import" in next(iter(workload["scenario"])) else IMAGE
    found: dict[str, Any] = json.loads(DOWNLOADED.sub(image, json.dumps(workload)))
    return found


class Rally:
    """Rally's own database, its plugins, and the cloud as an environment."""

    def __init__(self, home: Path, cloud: dict[str, Any]) -> None:
        from rally import api, plugins
        from rally.common import cfg
        from rally.common.db import schema
        from rally.env.env_mgr import EnvManager

        settings = home / "rally.conf"
        settings.write_text(f"[database]\nconnection = sqlite:///{home}/rally.db\n\n[openstack]\n{POLLS}")
        self._api = api.API(config_file=str(settings), skip_db_check=True)
        assert cfg.CONF.database.connection.endswith("rally.db")
        schema.schema_create()
        plugins.load()
        self._cloud = EnvManager.create("cloud", cloud).uuid

    def run(self, scenario: str, workloads: list[dict[str, Any]]) -> tuple[str, list[float]]:
        """Run them as one task; why the scenario did not pass, or nothing, and the seconds of each iteration."""
        from rally.common import objects

        config = {"version": 2, "title": scenario, "subtasks": [{"title": scenario, "workloads": workloads}]}
        task = self._api.task.create(deployment=self._cloud)["uuid"]
        try:
            self._api.task.start(deployment=self._cloud, config=config, task=task)
        except Exception as error:  # whatever it is, it is the verdict
            return f"{type(error).__name__}: {error}", []
        said = objects.Task.get(task, detailed=True).to_dict()
        wrong = [] if said["status"] in ("finished", "SLA_FAILED") else [f"the task is {said['status']}"]
        done = [one for subtask in said["subtasks"] for one in subtask["workloads"]]
        for one in done:
            wrong += [f"{step['plugin_name']}: {step['error']}" for step in _broken(one)]
            if not one["total_iteration_count"]:
                wrong.append("it never ran")
            elif one["failed_iteration_count"]:
                wrong.append(f"{one['failed_iteration_count']} of {one['total_iteration_count']} iterations failed")
                wrong += [": ".join(map(str, each["error"][:2])) for each in one["data"] if each["error"]][:2]
                wrong += [str(each["error"][-1]) for each in one["data"] if each["error"]][:1]
        if len(done) != len(workloads):
            wrong.append(f"{len(done)} of {len(workloads)} workloads were run")
        return "\n".join(wrong), [each["duration"] for one in done for each in one["data"]]


POLLS = "".join(
    f"{name} = {value}\n"
    for name, value in {
        "nova_server_boot_prepoll_delay": 0.1,
        "nova_server_boot_poll_interval": 0.2,
        "nova_server_delete_poll_interval": 0.2,
        "cinder_volume_create_prepoll_delay": 0.1,
        "cinder_volume_create_poll_interval": 0.2,
        "cinder_volume_delete_poll_interval": 0.2,
        "glance_image_create_prepoll_delay": 0.1,
        "glance_image_create_poll_interval": 0.2,
        "heat_stack_create_prepoll_delay": 0.1,
        "heat_stack_create_poll_interval": 0.2,
        "heat_stack_delete_poll_interval": 0.2,
    }.items()
)
"""Rally's own options of how often it looks: a cloud here is done when it is asked."""


def _broken(workload: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """What went wrong in the making and the clearing of its contexts."""
    for context in workload.get("contexts_results", []):
        for part in ("setup", "cleanup"):
            if context[part].get("error"):
                yield {"plugin_name": f"{context['plugin_name']} ({part})", "error": context[part]["error"]}


def run_tests(orders: Iterable[str], image_url: str) -> None:
    """Answer each order with a verdict a scenario."""
    known = tasks(Path(os.environ["RALLY_JOBS"]), image_url)
    rally = Rally(Path(os.environ["HOME"]), json.loads(os.environ["RALLY_CLOUD"]))
    for line in orders:
        for name in json.loads(line)["tests"]:
            started = time.monotonic()
            emit({"start": name})
            reason, durations = rally.run(name, [workload for _, workload in known[name]])
            seconds = round(time.monotonic() - started, 2)
            outcome = "failed" if reason else "passed"
            emit(
                {
                    "test": name,
                    "outcome": outcome,
                    "reason": reason[-TEXT_MAX:],
                    "seconds": seconds,
                    "durations": durations,
                }
            )
        emit({"done": True})


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        os.dup2(2, 1)
        if sys.argv[1] == "list":
            emit([[found[0][0].name, name] for name, found in sorted(tasks(Path(sys.argv[2])).items())])
        else:
            orders = os.fdopen(os.dup(0))
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            with extra_files(Path(os.environ["HOME"])) as image_url:
                run_tests(orders, image_url)

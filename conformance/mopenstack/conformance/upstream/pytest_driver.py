"""Lists and runs tests of pytest for another process, in the tool's own Python; it speaks as driver.py does.

    python pytest_driver.py list PACKAGE...    one JSON list of [file, test]
    python pytest_driver.py run                orders, a file each

A test is `<package>.<module>.<function>`: parameters are left out, so that a function may have one set of them at most.
"""

import contextlib
import importlib.util
import json
import os
import re
import sys
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def beside(name: str) -> ModuleType:
    """A module of this folder, which is not on the path of modules: it would hide the tools' own packages."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


driver = beside("driver")
_PARAMETERS = re.compile(r"\[.*\]\Z", re.DOTALL)


def function_of(item: Any) -> str:
    """The name of a test's function."""
    return _PARAMETERS.sub("", item.name)


def place_of(name: str) -> Path:
    """The folder that a package's outermost one lies in."""
    found = importlib.util.find_spec(name.partition(".")[0])
    assert found is not None
    return Path(next(iter(found.submodule_search_locations or []))).parent


class Listing:
    """Collects names."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.names: list[tuple[str, str]] = []

    def pytest_collection_finish(self, session: Any) -> None:
        for item in session.items:
            module = ".".join(item.path.relative_to(self._place).with_suffix("").parts)
            self.names.append((str(item.path), f"{module}.{function_of(item)}"))


class Verdicts:
    """Runs the wanted tests of one file alone and tells each verdict when the test is torn down."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self._left = {name.rpartition(".")[2]: name for name in wanted}
        self._failed: dict[str, str] = {}
        self._skipped: dict[str, str] = {}
        self._started = time.monotonic()

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [item for item in items if function_of(item) in self._left]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> None:
        self._started = time.monotonic()
        driver.emit({"start": self._left.get(function_of(item), item.nodeid)})

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any) -> Generator[None, Any, Any]:
        report = yield
        function = function_of(item)
        if report.failed:
            # What breaks first has the word: a tear-down often breaks because of it. A browser's stack says nothing.
            self._failed.setdefault(function, report.longreprtext.partition("\nStacktrace:\n")[0])
        elif report.skipped:
            self._skipped[function] = str(report.longrepr[2])
        if report.when == "teardown":
            if function in self._failed:
                self._tell(function, "failed", self._failed[function])
            else:
                self._tell(function, "skipped" if function in self._skipped else "passed", self._skipped.get(function))
        return report

    def rest(self, reason: str) -> None:
        """Those that never ran have failed."""
        for function in list(self._left):
            self._tell(function, "failed", reason)

    def _tell(self, function: str, outcome: str, reason: str | None) -> None:
        name = self._left.pop(function, None)
        if name is not None:
            seconds = round(time.monotonic() - self._started, 2)
            reason = (reason or "")[-driver.TEXT_MAX :]
            driver.emit({"test": name, "outcome": outcome, "reason": reason, "seconds": seconds})


def _pytest(place: Path, paths: list[str], *words: str, plugins: list[Any]) -> int:
    """Its exit status. Nothing but the tests' own conftest.py files says how they run."""
    own = ["-q", "--tb=native", "-p", "no:cacheprovider", "--import-mode=importlib", f"--config-file={os.devnull}"]
    return int(pytest.main([*own, f"--rootdir={place}", f"--confcutdir={place}", *words, *paths], plugins=plugins))


def list_tests(packages: list[str]) -> None:
    """Emit every test of these packages."""
    place = place_of(packages[0])
    listing = Listing(place)
    folders = [str(place.joinpath(*package.split("."))) for package in packages]
    status = _pytest(place, folders, "--collect-only", plugins=[listing])
    if status:
        sys.exit(f"the tests cannot be collected: pytest ended with {status}")
    driver.emit(sorted(set(listing.names)))


def run_tests(orders: Iterable[str], *plugins: Any) -> None:
    """Answer each order; `plugins` are further ones of pytest."""
    for line in orders:
        asked = json.loads(line)
        verdicts = Verdicts(asked["tests"])
        status = _pytest(place_of(asked["tests"][0]), [asked["module"]], plugins=[verdicts, *plugins])
        verdicts.rest(f"it never ran: pytest ended with {status}")
        driver.emit({"done": True})


def main(*plugins: Any) -> None:
    """What the command line asks for."""
    with contextlib.redirect_stdout(sys.stderr):
        os.dup2(2, 1)
        if sys.argv[1] == "list":
            list_tests(sys.argv[2:])
            return
        orders = os.fdopen(os.dup(0))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        run_tests(orders, *plugins)


if __name__ == "__main__":
    main()

"""Lists and runs tests of Python's unittest for another process; it knows nothing but the standard library.

    python driver.py list PACKAGE...    one JSON list of test names
    python driver.py run                reads {"module": ..., "tests": [...]} lines, answers with a line a test and
                                        {"done": true} after each of them

Whatever tests print goes to standard error. What they start finds nothing on standard input: a command that reads it
(`openstack image create`) would wait for ever, or take the orders away.
"""

import contextlib
import importlib
import json
import os
import pkgutil
import re
import sys
import time
import unittest
from collections.abc import Iterable, Iterator
from typing import Any

OUT = os.dup(1)
TEXT_MAX = 6000
_TAGS = re.compile(r"\[[^\]]*\]$")
TESTS = re.compile(r"test_.*|tests")
"""Names of modules with tests."""
_CLASS = re.compile(r"(?:setUpClass|tearDownClass|setUpModule|tearDownModule) \(([^)]*)\)")


def emit(document: Any) -> None:
    os.write(OUT, json.dumps(document).encode() + b"\n")


def name_of(test: unittest.TestCase) -> str:
    """A test's id without Tempest's attributes."""
    return _TAGS.sub("", test.id())


def flat(suite: Iterable[Any]) -> Iterator[unittest.TestCase]:
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from flat(one)
        else:
            yield one


class Verdicts(unittest.TestResult):
    """Tells each verdict as it falls. What breaks a whole class is told of each of its tests."""

    def __init__(self, tests: Iterable[str]) -> None:
        super().__init__()
        self._open = dict.fromkeys(tests)
        self._started = time.monotonic()

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._started = time.monotonic()
        emit({"start": name_of(test)})

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._tell(test, "passed")

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        self._tell(test, "failed", self._text(err, test))

    addFailure = addError

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self._tell(test, "skipped", str(reason))

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        self._tell(test, "passed")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self._tell(test, "failed", "it passed, which it must not")

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        if err is not None:
            self._tell(test, "failed", self._text(err, test))

    def rest(self) -> None:
        for name in list(self._open):
            self._one(name, "failed", "it never ran")

    def _text(self, err: Any, test: unittest.TestCase) -> str:
        if isinstance(err, tuple):
            return str(self._exc_info_to_string(err, test))  # type: ignore[attr-defined]  # unittest's own
        return str(err)

    def _tell(self, test: unittest.TestCase, outcome: str, reason: str = "") -> None:
        broken = _CLASS.search(test.id())
        if broken is None:
            self._one(name_of(test), outcome, reason)
        elif test.id().startswith("setUp"):
            for name in list(self._open):
                self._one(name, outcome, reason)
        else:
            emit({"trouble": test.id(), "reason": reason[-TEXT_MAX:]})

    def _one(self, name: str, outcome: str, reason: str) -> None:
        if name in self._open:
            del self._open[name]
        elif outcome != "failed":
            return
        seconds = round(time.monotonic() - self._started, 2)
        emit({"test": name, "outcome": outcome, "reason": reason[-TEXT_MAX:], "seconds": seconds})


def modules(package: str) -> list[str]:
    """The names of a package's test modules."""
    loaded = importlib.import_module(package)
    if not hasattr(loaded, "__path__"):
        return [package]
    found = pkgutil.walk_packages(loaded.__path__, package + ".", onerror=lambda name: None)
    return [one.name for one in found if not one.ispkg and TESTS.fullmatch(one.name.rpartition(".")[2])]


def chosen(suite: Iterable[Any], wanted: set[str]) -> list[Any]:
    """The wanted tests; those of a suite with a class of its own stay in one, since it may have fixtures."""
    kept: list[Any] = []
    for one in suite:
        if not isinstance(one, unittest.TestSuite):
            kept += [one] if name_of(one) in wanted else []
            continue
        inner = chosen(one, wanted)
        kept += inner if type(one) is unittest.TestSuite or not inner else [type(one)(inner)]
    return kept


def load(module: str) -> unittest.TestSuite:
    return unittest.TestLoader().loadTestsFromModule(importlib.import_module(module))


def loaded(module: str) -> list[unittest.TestCase]:
    return list(flat(load(module)))


def list_tests(packages: Iterable[str]) -> None:
    names: list[tuple[str, str]] = []
    for package in packages:
        for module in modules(package):
            names += [(module, name_of(test)) for test in loaded(module)]
    emit(sorted(set(names)))


def run_tests(orders: Iterable[str]) -> None:
    for line in orders:
        asked = json.loads(line)
        wanted = set(asked["tests"])
        verdicts = Verdicts(asked["tests"])
        try:
            unittest.TestSuite(chosen(load(asked["module"]), wanted)).run(verdicts)
        except Exception as error:  # whatever it is, it is the verdict
            emit({"trouble": asked["module"], "reason": repr(error)})
        verdicts.rest()
        emit({"done": True})


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        os.dup2(2, 1)
        if sys.argv[1] == "list":
            list_tests(sys.argv[2:])
        else:
            orders = os.fdopen(os.dup(0))
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            run_tests(orders)

"""`mopenstack up` with plain options is read as the framework reads it; whatever is not plain is left to that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mopenstack.cli import up as up_module
from mopenstack.cli.asked import Asked
from mopenstack.cli.commands import app
from mopenstack.cli.plain_up import FLAGS, VALUES, VARIABLES, plain

PLAIN = [
    "",
    "--port 0",
    "--port=8899 --grpc-port 1 --dns-port 0",
    "--detach --host 0.0.0.0 --no-log",
    "--log --classic-ports --check-answers --check-kept",
    "--profile manual --journal bodies --workers 2",
    "--data here/data --services identity,network --until 17",
    "--set compute.hosts=2 --set=lists.ignore_case=true --port 1 --port 2",
]
OTHER = [
    "--help",
    "--port",
    "--port x",
    "--port 65536",
    "--port -1",
    "--profile fast",
    "--until 0",
    "--workers 0",
    "--workers 33",
    "--no-such",
    "--detach=yes",
    "--host --port",
    "word",
    "--seed seed.yaml",
    "--por 1",
]


@pytest.mark.parametrize("arguments", PLAIN)
def test_plain_options(arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Asked] = []
    monkeypatch.setattr(up_module, "start", asked.append)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    done = CliRunner().invoke(app, ["up", *arguments.split()])
    assert done.exit_code == 0, done.output
    assert plain(arguments.split(), {}) == asked[0]


@pytest.mark.parametrize("arguments", OTHER)
def test_others_are_left_to_the_framework(arguments: str) -> None:
    assert plain(arguments.split(), {}) is None


@pytest.mark.parametrize("name", VARIABLES)
def test_variables_are_left_to_the_framework(name: str) -> None:
    assert plain([], {name: "x"}) is None


def test_a_file_is_no_folder_for_data(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert plain(["--data", str(tmp_path / "file")], {}) is None
    found: Any = plain(["--data", str(tmp_path)], {})
    assert found.data == tmp_path


def test_the_plain_ones_are_options_of_the_command() -> None:
    fields = {name for name, _ in (*FLAGS.values(), *VALUES.values())}
    assert fields <= set(Asked.__dataclass_fields__)

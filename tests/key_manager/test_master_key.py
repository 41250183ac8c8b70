"""Where the master key comes from: the environment, a file beside the database, or the process alone."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from mopenstack.core.store.master_key import FILE, VARIABLE, BadMasterKey, MasterKey


def test_a_file_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first, second = MasterKey(tmp_path).value, MasterKey(tmp_path).value
    assert first == second
    assert len(first) == 32
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, base64.b64encode(bytes(range(32))).decode())
    assert MasterKey(tmp_path).value == bytes(range(32))
    assert not list(tmp_path.iterdir())


def test_a_process_has_its_own() -> None:
    assert MasterKey().value != MasterKey().value


@pytest.mark.parametrize("text", ["", "x", base64.b64encode(b"short").decode()])
def test_what_is_no_key(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadMasterKey):
        _ = MasterKey(tmp_path).value

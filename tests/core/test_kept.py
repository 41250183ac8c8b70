"""What a start keeps for the next one: only what can be trusted is read; a folder that takes nothing is no fault."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mopenstack.contract import kept


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for kept files."""
    monkeypatch.setenv(kept.VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


def _file(place: Path) -> Path:
    (file,) = place.iterdir()
    return file


def test_what_is_kept_is_read_again(place: Path) -> None:
    key = kept.key_of("a", 1)
    assert kept.read("x", key) is None
    kept.write("x", key, b"body")
    assert kept.read("x", key) == b"body"
    assert kept.read("y", key) is None
    assert kept.read("x", kept.key_of("a", 2)) is None
    assert _file(place).stat().st_mode & 0o777 == 0o600
    assert place.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("at", [0, 20, 100, -1], ids=["form", "key", "digest", "body"])
def test_a_damaged_file_is_not_there(place: Path, at: int) -> None:
    key = kept.key_of()
    kept.write("x", key, b"body")
    data = bytearray(_file(place).read_bytes())
    data[at] ^= 1
    _file(place).write_bytes(data)
    assert kept.read("x", key) is None
    kept.write("x", key, b"body")
    assert kept.read("x", key) == b"body"


def test_a_file_that_ends_early_is_not_there(place: Path) -> None:
    key = kept.key_of()
    kept.write("x", key, b"body" * 100)
    whole = _file(place).read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        _file(place).write_bytes(whole[:size])
        assert kept.read("x", key) is None


def test_what_others_may_write_is_not_read(place: Path) -> None:
    key = kept.key_of()
    kept.write("x", key, b"body")
    _file(place).chmod(0o666)
    assert kept.read("x", key) is None


def test_a_link_is_not_followed(place: Path, tmp_path: Path) -> None:
    key = kept.key_of()
    kept.write("x", key, b"body")
    moved = _file(place).rename(tmp_path / "elsewhere")
    (place / f"x-{key[:32]}").symlink_to(moved)
    assert kept.read("x", key) is None


def test_a_folder_that_takes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for folder in (str(tmp_path / "file" / "below"), ""):
        monkeypatch.setenv(kept.VARIABLE, folder)
        kept.write("x", kept.key_of(), b"body")
        assert kept.read("x", kept.key_of()) is None


def test_the_oldest_files_go(place: Path) -> None:
    for number in range(kept.FILES_MAX + 3):
        kept.write("x", kept.key_of(number), b"body")
        file = place / f"x-{kept.key_of(number)[:32]}"
        os.utime(file, ns=(number, number))
    kept.write("x", kept.key_of("last"), b"body")
    assert len(list(place.iterdir())) == kept.FILES_MAX
    assert kept.read("x", kept.key_of(0)) is None
    assert kept.read("x", kept.key_of("last")) == b"body"


def test_the_key_of_code_follows_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "kept_code_of"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))

    def key() -> str:
        kept.code_of.cache_clear()
        return kept.code_of((package.name,))

    found = [key()]
    (package / "inner" / "seed.yaml").write_text("[]\n")
    found.append(key())
    (package / "inner" / "seed.yaml").write_text("[1]\n")
    found.append(key())
    (package / "inner" / "notes.txt").touch()
    assert key() == found[-1]
    assert len(set(found)) == len(found)
    kept.code_of.cache_clear()

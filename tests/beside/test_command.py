"""What `mopenstack up --identity` and `register` refuse, and where the password of the service is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.processes import command, detached

KEYSTONE = "http://127.0.0.1:9/v3"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--service-user", "nova"], "for --identity"),
        (["--identity", "keystone"], "URL of a Keystone"),
        (["--identity", KEYSTONE, "--service-user", "nova"], "its password"),
        (["--identity", KEYSTONE, "--service-password", "x"], "needs --service-user"),
        (
            ["--identity", KEYSTONE, "--services", "identity", "--service-user", "n", "--service-password", "x"],
            "leave `identity` out",
        ),
    ],
)
def test_what_does_not_fit(words: list[str], said: str, tmp_path: Path) -> None:
    done = command("up", "--port", "0", *words, state=tmp_path, check=False)
    assert done.returncode != 0
    assert said in done.stderr


def test_the_password_is_in_no_process_list(tmp_path: Path) -> None:
    """Keystone is away: the service starts, and says so."""
    words = ("--services", "compute", "--identity", KEYSTONE, "--service-user", "nova")
    with detached(tmp_path, *words, "--service-password", "very-secret") as status:
        arguments = Path(f"/proc/{status['pid']}/cmdline").read_bytes()
        assert b"--identity" in arguments
        assert b"very-secret" not in arguments
        log = (tmp_path / "mopenstack" / "cloud.log").read_text()
        assert "is asked again with each call" in log
        assert "very-secret" not in log
        done = command("env", state=tmp_path, check=False)
        assert (done.returncode, KEYSTONE in done.stderr) == (1, True)

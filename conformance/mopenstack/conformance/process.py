"""Running other people's programs."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from mopenstack.conformance.errors import ConformanceError


def clean_environment(**changes: str) -> dict[str, str]:
    """The caller's environment without anything that points a tool at some other cloud, provider or log level."""
    prefixes = ("OS_", "TF_", "TERRAFORM_", "ANSIBLE_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(prefixes)}
    return {**kept, **changes}


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = 600,
    what: str = "",
) -> str:
    """Standard output of a command that must succeed; else a ConformanceError with the end of what it said."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(  # noqa: S603 - the suite's business is to run tools
            words, cwd=cwd, env=env, capture_output=True, text=True, timeout=seconds, check=False
        )
    except FileNotFoundError as error:
        raise ConformanceError(f"{words[0]} is not there") from error
    except subprocess.TimeoutExpired as error:
        raise ConformanceError(f"{what or ' '.join(words)} took longer than {seconds:g} s") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise ConformanceError(f"{what or ' '.join(words)} failed ({done.returncode}): {said}")
    return done.stdout

"""Running other people's programs, and telling a person who waits for one how far it is."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO

from mopenstack.conformance.errors import ConformanceError

BEAT_SECONDS = 5.0
"""A listener hears of a program that takes longer than this, and again each time that it has taken this much more."""
SHOWN_MAX = 100

Listener = Callable[[str], None]
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within it `listener` is told what programs do that take long: a line of text each time."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def clean_environment(**changes: str) -> dict[str, str]:
    """The caller's environment without anything that points a tool at some other cloud, provider or log level."""
    prefixes = ("OS_", "TF_", "TERRAFORM_", "ANSIBLE_", "AWS_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(prefixes)}
    return {**kept, **changes}


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = 600,
    what: str = "",
    parts: int = 0,
) -> str:
    """Standard output of a command that must succeed; else a ConformanceError with the end of what it said.

    `what` names it for a person. A command that says a line on standard error for each of so many `parts` is told
    by their count, others by the last line that they said.
    """
    words = [str(word) for word in command]
    name = what or " ".join(words)
    try:
        process = subprocess.Popen(  # noqa: S603 - the suite's business is to run tools
            words, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    except FileNotFoundError as error:
        raise ConformanceError(f"{words[0]} is not there") from error
    out, err = _Said(process.stdout), _Said(process.stderr)
    try:
        _wait(process, seconds, lambda taken: _tell(name, taken, out, err, parts))
    except subprocess.TimeoutExpired as error:
        raise ConformanceError(f"{name} took longer than {seconds:g} s") from error
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    output, errors = out.text(), err.text()
    if process.returncode:
        said = (errors.strip() or output.strip())[-2000:]
        raise ConformanceError(f"{name} failed ({process.returncode}): {said}")
    return output


def _wait(process: "subprocess.Popen[str]", seconds: float, tell: Callable[[float], None]) -> None:
    """Until its end, with a word each BEAT_SECONDS; raises TimeoutExpired."""
    started = time.monotonic()
    while True:
        left = started + seconds - time.monotonic()
        try:
            process.wait(min(BEAT_SECONDS, left))
        except subprocess.TimeoutExpired:
            if left <= BEAT_SECONDS:
                raise
            tell(time.monotonic() - started)
        else:
            return


def _tell(name: str, taken: float, out: "_Said", err: "_Said", parts: int) -> None:
    listener = _LISTENER.get()
    if listener is None:
        return
    far = f"{min(len(err.lines), parts)} of {parts}" if parts else (err.last or out.last)[:SHOWN_MAX]
    listener(f"{name}: {taken:.0f} s{', ' if far else ''}{far}")


class _Said:
    """What a program has said so far on one of its streams."""

    def __init__(self, stream: IO[str] | None) -> None:
        assert stream is not None
        self.lines: list[str] = []
        self._thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._thread.start()

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self.lines.append(line)

    @property
    def last(self) -> str:
        """The last line with something in it, of the last few."""
        return next((line.strip() for line in reversed(self.lines[-20:]) if line.strip()), "")

    def text(self) -> str:
        """All of it, when the program has ended."""
        self._thread.join()
        return "".join(self.lines)

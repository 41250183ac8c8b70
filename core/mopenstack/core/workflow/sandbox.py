"""The processes that the language runs in (language/child.py): two at most, made when they are first asked for.

What a definition or an expression takes is taken from them: they have limits of time and memory, and one that does not
answer is ended. Nothing of it keeps the event loop, or a transaction. A project has one process at a time, so that one
that asks for much waits for itself.
"""

from __future__ import annotations

import asyncio
import json
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mopenstack.workflow.v2 import refusals

PROCESSES_MAX = 2
ANSWER_SECONDS_MAX = 30.0
CHILD = "mopenstack.core.workflow.language.child"
TOO_LONG = "What this asks for takes too long, or too much memory."


class Needs(Exception):
    """What the store must tell first: `key` is the question."""

    def __init__(self, key: list[Any]) -> None:
        super().__init__(key)
        self.key = key


class Overrun(refusals.EvaluationFailed):
    """What took longer, or more memory, than it may."""

    def __init__(self) -> None:
        super().__init__(why=TOO_LONG)


class _Child:
    def __init__(self) -> None:
        command = [sys.executable, "-P", "-m", CHILD]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603

    def ask(self, data: bytes) -> bytes:
        """The answer; b"" from a process that has none."""
        source, target = self.process.stdout, self.process.stdin
        assert source is not None
        assert target is not None
        timer = threading.Timer(ANSWER_SECONDS_MAX, self.process.kill)
        timer.daemon = True
        timer.start()
        try:
            target.write(struct.pack(">I", len(data)) + data)
            target.flush()
            head = source.read(4)
            return source.read(struct.unpack(">I", head)[0]) if len(head) == 4 else b""
        except OSError:
            return b""
        finally:
            timer.cancel()

    def close(self) -> None:
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        self.process.wait()


class Sandbox:
    """Answers commands of language/commands.py."""

    def __init__(self) -> None:
        self._idle: list[_Child] = []
        self._threads: ThreadPoolExecutor | None = None
        self._turns: dict[str, asyncio.Lock] = {}

    async def ask(self, project: str, do: str, **values: Any) -> Any:
        """The value of a command for a project. Raises what refuses it, Needs, and Overrun."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(PROCESSES_MAX, "workflow")
        turn = self._turns.setdefault(project, asyncio.Lock())
        try:
            async with turn:
                command = {"do": do, "with": values}
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, command)
        finally:
            if not turn.locked():
                self._turns.pop(project, None)
        if "value" in answer:
            return answer["value"]
        if "need" in answer:
            raise Needs(answer["need"])
        if "refused" in answer:
            kind, text = answer["refused"]
            raise refused(kind, text)
        raise Overrun()

    def _answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """In a thread: texts of some megabytes take their time, too."""
        found: dict[str, Any] = json.loads(self._ask(json.dumps(command).encode()) or "{}")
        return found

    def _ask(self, data: bytes) -> bytes:
        child = self._idle.pop() if self._idle else _Child()
        answer = child.ask(data)
        if answer:
            self._idle.append(child)
        else:
            child.close()
        return answer


def refused(kind: str, text: str) -> Exception:
    """The refusal of the contract for one of the language."""
    kinds: dict[str, Any] = {
        "INVALID_DEFINITION": refusals.InvalidDefinition,
        "INVALID_INPUT": refusals.InvalidInput,
        "WORKFLOW_ERROR": refusals.WorkflowError,
        "NOT_ALLOWED": refusals.NotAllowed,
        "EVALUATION_FAILED": refusals.EvaluationFailed,
    }
    if kind == "ACTION_COMPLETED":
        return refusals.ActionCompleted(id=text)
    made: Exception = kinds[kind](why=text)
    return made


SANDBOX = Sandbox()
"""That of this process."""

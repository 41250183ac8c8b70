"""The process that the language runs in: it reads commands, carries each out within its limits, and answers.

    python -m mopenstack.core.workflow.language.child

A frame is four bytes, which are the length, and JSON.
"""

from __future__ import annotations

import json
import resource
import signal
import struct
import sys
from typing import Any, BinaryIO

from mopenstack.core.workflow.language.commands import carry_out
from mopenstack.core.workflow.language.errors import LanguageError, Needed, TooLong

CPU_SECONDS_MAX = 3.0
"""Of one command."""
MEMORY_MAX = 1024 * 1024 * 1024
ANSWER_BYTES_MAX = 16 * 1024 * 1024


def _late(number: int, frame: Any) -> None:
    raise TooLong


def answer(command: dict[str, Any]) -> dict[str, Any]:
    """The answer to a command: {"value": ...}, {"refused": [kind, text]}, {"need": [...]} or {"late": true}."""
    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS_MAX)
    try:
        return {"value": carry_out(command["do"], command["with"])}
    except Needed as needed:
        return {"need": needed.key}
    except LanguageError as refused:
        return {"refused": [refused.kind, refused.text]}
    except (TooLong, MemoryError, RecursionError):
        return {"late": True}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def encoded(found: dict[str, Any]) -> bytes:
    """An answer as bytes; one that is too long is none."""
    try:
        data = json.dumps(found).encode()
    except (TypeError, ValueError, RecursionError, MemoryError):
        return json.dumps({"late": True}).encode()
    return data if len(data) <= ANSWER_BYTES_MAX else json.dumps({"late": True}).encode()


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Answer commands until there are no more."""
    while len(head := source.read(4)) == 4:
        command = json.loads(source.read(struct.unpack(">I", head)[0]))
        data = encoded(answer(command))
        target.write(struct.pack(">I", len(data)) + data)
        target.flush()


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, _late)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    target = sys.stdout.buffer
    sys.stdout = sys.stderr
    serve(sys.stdin.buffer, target)


if __name__ == "__main__":
    main()

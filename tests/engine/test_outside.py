"""What takes a while is made while no transaction is held, and each run of the transaction is given the same."""

from __future__ import annotations

from typing import Any

import pytest

from mopenstack.contract.faults import Unavailable
from mopenstack.core.engine.call import Call
from tests.engine.conftest import Library
from tests.engine.library.core.books import errors


async def test_made_once(library: Library) -> None:
    """Nothing of the runs before is left, and others have the store meanwhile."""
    made: list[str] = []

    def maker(name: str) -> Any:
        async def make() -> str:
            made.append(name)
            await library.transact(lambda call: call.tx.add("others", 1))
            return name.upper()

        return make

    async def run(call: Call) -> list[str]:
        await call.tx.add("count", 1)
        found = [call.outside("same", maker(name)) for name in ("a", "b")]
        async with call.part():
            found.append(call.nested(call.operation, call.context, call.caller).outside("c", maker("c")))
        return [*found, str(await call.tx.counter("count"))]

    assert await library.transact(run) == ["A", "B", "C", "1"]
    assert made == ["a", "b", "c"]
    assert await library.transact(lambda call: call.tx.counter("others")) == 3


async def test_refused_outside(library: Library) -> None:
    """A refusal is one of the run that asked, which may take it."""

    async def refuse() -> None:
        raise errors.LoanRefused()

    async def run(call: Call) -> str:
        try:
            call.outside("a", refuse)
        except errors.LoanRefused:
            return "refused"
        return ""

    assert await library.transact(run) == "refused"


async def test_too_much(library: Library) -> None:
    """A call that never asks for the same does not go on for ever."""
    asked = 0

    async def make() -> int:
        return 1

    async def run(call: Call) -> None:
        nonlocal asked
        asked += 1
        call.outside(str(asked), make)

    with pytest.raises(Unavailable, match="too much"):
        await library.transact(run)

"""Loans: calls inside of a call."""

from __future__ import annotations

from typing import Any

from mopenstack_tests.library.v1 import books_pb2 as pb

from mopenstack.contract.calls import Result
from mopenstack.contract.refusals import refusals
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Servicer

errors: Any = refusals("mopenstack_tests.library.v1")


class Loans(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Loans"]

    async def create_loan(self, call: Call, request: Any) -> Result:
        for id in request.books:
            operation = "mopenstack_tests.library.v1.Books.LendBook"
            book = await call.invoke(operation, pb.BookRequest(book_id=id), elevated=request.elevated)
            assert book.id == id
        call.after_commit(lambda: done.append(len(request.books)))
        if request.refuse:
            raise errors.LoanRefused()
        lent: Result = pb.LoanResponse(lent=len(request.books))
        return lent

    async def count(self, call: Call, request: Any) -> Result:
        total = 0
        for _ in range(request.times):
            total = await call.tx.add("count", 1)
        if request.refuse:
            raise errors.LoanRefused()
        counted: Result = pb.CountResponse(total=total)
        return counted


done: list[int] = []
"""How many books each loan that held was about."""

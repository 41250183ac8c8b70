"""Deleting many objects and containers in one request. Source: swift.common.middleware.bulk.Bulk.handle_delete_iter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

from mopenstack.contract.faults import Fault
from mopenstack.core.object_store import reports
from mopenstack.core.object_store.limits import MAX_CONTAINER_NAME_LENGTH, MAX_OBJECT_NAME_LENGTH
from mopenstack.core.object_store.outside import Outside
from mopenstack.core.object_store.requests import Request, Response, refusal, status_line, status_of

Next = Callable[[Request], Awaitable[Response]]
DELETES_MAX = 10000
FAILURES_MAX = 1000
BATCH = 50
PATH_MAX = (MAX_OBJECT_NAME_LENGTH + MAX_CONTAINER_NAME_LENGTH + 2) * 3


@dataclass(slots=True)
class Name:
    """What is to be deleted: `container/object`, or a container; `error` says that it cannot be."""

    name: str
    version: str | None = None
    error: tuple[int, str] | None = None


@dataclass(slots=True)
class Tally:
    """What was done so far."""

    deleted: int = 0
    missing: int = 0
    status: str = "200 OK"
    text: str = ""
    failed: list[tuple[str, str]] = field(default_factory=list)
    server_error: bool = False

    def note(self, name: str, status: int) -> None:
        if status == 404:
            self.missing += 1
        elif status < 300:
            self.deleted += 1
        else:
            self.server_error = self.server_error or status >= 500
            self.failed.append((quote(name), status_line(status)))

    def settle(self) -> None:
        if self.failed:
            self.status = status_line(502 if self.server_error else 400)
        elif not (self.deleted or self.missing):
            self.status, self.text = status_line(400), "Invalid bulk delete."


def respond(req: Request, following: Next, names: Callable[[Outside], Awaitable[Sequence[Name]]]) -> Response:
    """Delete what `names` tells, in batches, each in a transaction of its own, and report."""
    form = reports.format_of(req)
    work = Outside(req)
    content_type = req.headers.get("content-type", "")

    async def make() -> Response:
        tally = Tally()
        try:
            if not form:
                raise refusal(406)
            if content_type and not content_type.startswith("text/plain"):
                raise refusal(406)
            await _delete(req, following, work, await names(work), tally)
            tally.settle()
        except Fault as fault:
            tally.status, tally.text = status_line(fault), "" if "content_type" not in fault.facts else fault.text
        facts: dict[str, Any] = {
            "Response Status": tally.status,
            "Response Body": tally.text,
            "Number Deleted": tally.deleted,
            "Number Not Found": tally.missing,
        }
        kind = form or "text/plain"
        body = reports.body(kind, facts, tally.failed, "delete")
        return Response(200, {}, body, content_type=kind)

    return Response(200, later=make)


async def _delete(req: Request, following: Next, work: Outside, names: Sequence[Name], tally: Tally) -> None:
    objects = [one for one in names if "/" in one.name.strip("/")]
    containers = [one for one in names if "/" not in one.name.strip("/")]
    for group in (objects, containers):
        for place in range(0, len(group), BATCH):
            batch = group[place : place + BATCH]
            for one, status in await work.transact(partial(_batch, following=following, batch=batch)):
                if one.error is not None and one.error[0] != 404:
                    tally.failed.append((quote(one.name), one.error[1]))
                else:
                    tally.note(one.name, status)
                if len(tally.failed) >= FAILURES_MAX:
                    raise refusal(400, "Max delete failures exceeded")


async def _batch(req: Request, following: Next, batch: Sequence[Name]) -> list[tuple[Name, int]]:
    done = []
    for one in batch:
        if not one.name:
            continue
        if one.error is not None:
            done.append((one, one.error[0]))
            continue
        if "\ufffd" in one.name or "\0" in one.name:
            done.append((one, 412))
            continue
        query = {} if one.version is None else {"version-id": one.version}
        try:
            response = await following(req.inner("DELETE", path=f"{req.account}/{one.name.lstrip('/')}", query=query))
            done.append((one, response.status))
        except Fault as fault:
            done.append((one, status_of(fault)))
    return done


async def listed(chunks: AsyncIterator[bytes]) -> list[Name]:
    """The names that a body lists, a line each, quoted; refuses too many, and too long ones."""
    found: list[Name] = []
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            _add(found, line)
        if len(rest) > PATH_MAX * 2:
            raise refusal(400, "Invalid File Name")
    _add(found, rest)
    return found


def _add(found: list[Name], line: bytes) -> None:
    name = unquote(line.strip().decode("utf-8", "replace"))
    if not name:
        return
    if len(line) > PATH_MAX * 2:
        raise refusal(400, "Invalid File Name")
    if len(found) >= DELETES_MAX:
        raise refusal(413, f"Maximum Bulk Deletes: {DELETES_MAX} per request")
    found.append(Name(name))

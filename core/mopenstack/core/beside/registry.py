"""The services that are served, some of which are elsewhere."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.calls import Page
from mopenstack.contract.contract import Contract
from mopenstack.contract.elsewhere import Elsewhere, Question
from mopenstack.contract.operations import LATEST, Operation
from mopenstack.core.beside.call import BesideCall
from mopenstack.core.beside.lookups import items_of, object_of
from mopenstack.core.beside.replay import CURRENT
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.dependents import Dependents
from mopenstack.core.engine.registry import Registry
from mopenstack.core.store.kinds import kind_of, stored


class BesideRegistry(Registry):
    """Nested calls of services that are elsewhere go there: with the caller's token, or in the service's own name.

    Events that a service elsewhere would be told of are not told, and what it keeps is not deleted with objects.
    """

    def __init__(self, contract: Contract, elsewhere: Elsewhere) -> None:
        super().__init__(contract)
        self._elsewhere = elsewhere
        self._dependents = _Dependents(contract, elsewhere)

    async def invoke(
        self, call: Call, operation: str, request: Message, caller: Caller | None, microversion: int = LATEST
    ) -> Any:
        """Answer another RPC, in the same transaction or elsewhere; the handler's result."""
        if not isinstance(call, BesideCall) or not self._is_away(operation):
            return await super().invoke(call, operation, request, caller, microversion)
        declared = self.contract.by_name[operation]
        who = caller or call.caller
        call.tx.read_beside()
        sent = type(request)()
        sent.CopyFrom(request)
        answer = call.replay.answer(Question(declared, sent, who.token, who.project_id, microversion))
        return self._as_handled(declared, answer)

    def _as_handled(self, operation: Operation, response: Message) -> Any:
        """The response as the operation's handler would give it: the page, the bare object, or the message itself."""
        if operation.method.startswith("List"):
            return Page(items_of(response))
        return response if self._answers_whole(operation) else object_of(response)

    def _answers_whole(self, operation: Operation) -> bool:
        """Whether the handler here says that it returns the response message."""
        plan = self.plan(operation.name)
        said = str(getattr(plan.handler, "__annotations__", {}).get("return", ""))
        return said.rpartition(".")[2] == operation.response.DESCRIPTOR.name

    def _is_away(self, operation: str) -> bool:
        if CURRENT.get() is None:
            return False
        service = self.contract.service_with(operation)
        return service is not None and self._elsewhere.has(service.contract)

    async def publish(self, call: Call, event: str, kind: str, *facts: Any) -> None:
        """Tell the subscribers of an event, of the services that are served here."""
        if CURRENT.get() is None:
            await super().publish(call, event, kind, *facts)
            return
        self._need(lambda one: f"{event} {kind}" in one.events)
        by_service = self._subscribers.get((event, kind), {})
        for service in self.contract.services:
            if not self._elsewhere.has(service.contract):
                for subscriber in by_service.get(service.name, ()):
                    await subscriber(call, *facts)
        if event == "before_delete":
            await self._delete_dependents(call, kind, stored(facts[0]).id)


class _Dependents(Dependents):
    """What is deleted with objects, without what is kept elsewhere."""

    def __init__(self, contract: Contract, elsewhere: Elsewhere) -> None:
        super().__init__(contract)
        self._elsewhere = elsewhere

    def of(self, kind: str) -> list[tuple[type[Message], str]]:
        """(message, field) of what is deleted with an object of a kind."""
        found = super().of(kind)
        if CURRENT.get() is None:
            return found
        return [one for one in found if not self._elsewhere.has(kind_of(one[0]).package)]

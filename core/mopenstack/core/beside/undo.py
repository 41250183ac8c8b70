"""What takes back what a call wrote elsewhere, where the call itself came to nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from google.protobuf.message import Message

from mopenstack.contract.contract import Contract
from mopenstack.contract.elsewhere import Question
from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import Operation
from mopenstack.core.beside.lookups import Lookups, object_of, variables
from mopenstack.core.beside.replay import Exchange
from mopenstack.core.engine.fields import copy_fields, envelope_fields


def undo(exchanges: Sequence[Exchange], lookups: Lookups, contract: Contract) -> Iterator[Question]:
    """The questions, in the service's own name, that delete what was created and set back what was changed.

    The newest first. What was deleted stays so; what was changed is set back to what the call had read of it before.
    """
    deleted = {
        _named(one) for one in exchanges if one.question.operation.method.startswith("Delete") and _succeeded(one)
    }
    for place in reversed(range(len(exchanges))):
        one = exchanges[place]
        operation = one.question.operation
        if one.question.reads or not _succeeded(one):
            continue
        if operation.method.startswith("Create"):
            other = contract.by_name.get(f"{operation.service}.Delete{operation.method.removeprefix('Create')}")
            id = str(getattr(_object(one), "id", ""))
            if other is not None and id and id not in deleted:
                yield lookups.of_operation(other, id)
        elif operation.method.startswith("Update"):
            before = _read_before(exchanges[:place], operation, _named(one))
            if before is not None and _named(one) not in deleted:
                yield lookups.of_operation(operation, _named(one), _set_back(one.question.request, before))


def _succeeded(one: Exchange) -> bool:
    return not isinstance(one.answer, Fault)


def _object(one: Exchange) -> Message:
    """The object that a success answered."""
    assert isinstance(one.answer, Message)
    found: Message = object_of(one.answer)
    return found


def _named(one: Exchange) -> str:
    """The id that a request's path names last."""
    names = variables(one.question.operation)
    return str(getattr(one.question.request, names[-1])) if names else ""


def _read_before(exchanges: Sequence[Exchange], operation: Operation, id: str) -> Message | None:
    """The object as the call had read it."""
    method = f"Get{operation.method.removeprefix('Update')}"
    for one in reversed(exchanges):
        asked = one.question.operation
        if asked.service == operation.service and asked.method == method and _named(one) == id and _succeeded(one):
            return _object(one)
    return None


def _set_back(request: Message, before: Message) -> Message:
    """The same update with the values of the object before."""
    body, mask = envelope_fields(request.DESCRIPTOR)
    made = type(request)()
    made.CopyFrom(request)
    target = getattr(made, body)
    names = set(getattr(request, mask).paths) if mask else {field.name for field, _ in target.ListFields()}
    for name in names:
        target.ClearField(name)
    copy_fields(before, target, names=names & set(before.DESCRIPTOR.fields_by_name))
    return made

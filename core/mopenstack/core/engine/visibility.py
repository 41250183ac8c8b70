"""Which objects a caller may know of, from one declaration: the test of an object, and how a list finds its candidates.

The declaration is a policy check of the object, the option `visible` of its resource:
`rule:context_is_admin or project_id:%(project_id)s or field:shared=True`. Each alternative of it that names an indexed
field is a query; one that only speaks of the caller means all objects or none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message

from mopenstack.contract.contract import api_of
from mopenstack.contract.operations import field_rules
from mopenstack.core.engine.caller import Caller
from mopenstack.core.engine.policy import Atom, alternatives, check_in
from mopenstack.core.store.kept_lists import Scope
from mopenstack.core.store.kinds import index_value, resource_options


@dataclass(frozen=True, slots=True)
class _Alternative:
    """One way to be visible: what the caller must be, and the index that finds the objects (None: a scan)."""

    caller: Callable[[Caller, Any], bool]
    index: str = ""
    value: Callable[[Caller], Any] | None = None


class Visibility:
    """What the declaration of one stored message means."""

    def __init__(self, message: type[Message]) -> None:
        self._message = message
        fields = message.DESCRIPTOR.fields_by_name
        package = message.DESCRIPTOR.file.package
        api = api_of(package)
        options = resource_options(message)
        inherited = api.visible if api is not None else ""
        self.declared = options.visible or (inherited if options.kind else "@")
        self._owned = "project_id" in fields
        indexed = {name for name, field in fields.items() if field_rules(field).index}
        check = self.declared or ("is_admin:True or project_id:%(project_id)s" if self._owned else "@")
        self._check = check_in(package, check, strict=True)
        self._alternatives = [
            _alternative(package, atoms, indexed)
            for atoms in alternatives(package, check)
            # One about a field that the message does not have never holds.
            if not any(atom.field and atom.field.partition(".")[0] not in fields for atom in atoms)
        ]

    def visible(self, caller: Caller, obj: Any) -> bool:
        """Whether a caller may know that an object exists."""
        if not self.declared:  # on the way of every request
            return not self._owned or caller.is_admin or obj.project_id == caller.project_id
        return self._check(caller, obj)

    def scopes(self, caller: Caller) -> Sequence[Scope] | None:
        """The values of indexes of which what is visible has one; None where all objects of the kind may be visible."""
        open_ones = [one for one in self._alternatives if one.caller(caller, None)]
        if any(not one.index for one in open_ones):
            return None
        found = [(one.index, one.value(caller)) for one in open_ones if one.value is not None]
        return [(index, index_value(value)) for index, value in found if value]


def _alternative(package: str, atoms: Sequence[Atom], indexed: set[str]) -> _Alternative:
    of_caller = [atom for atom in atoms if not atom.of_target]
    texts = " and ".join(atom.text for atom in of_caller)
    caller = check_in(package, texts) if texts else _any
    for atom in atoms:
        if atom.field in indexed:
            return _Alternative(caller, atom.field, atom.value)
    return _Alternative(caller)


def _any(caller: Caller, target: Any) -> bool:
    return True

"""How each service words what its schemas refuse.

Sources: nova/api/validation/validators.py, cinder/api/validation/validators.py, keystone/api/validation/validators.py,
placement/util.py, trove/common/wsgi.py. All of them pass on the sentences of the library jsonschema.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import jsonschema
from jsonschema import Draft4Validator, Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from mopenstack.gateway.refusals.formats import KEYSTONE, NOVA, PLACEMENT, Ended, Said
from mopenstack.gateway.refusals.volume_formats import CINDER

Pairs = Sequence[tuple[str, str]]


def _with_place(error: ValidationError, query: bool, schema: Any) -> str:
    """Nova's, Cinder's and Keystone's: the last key of the path (of a query's, the first), the value, the sentence."""
    if isinstance(error.cause, Said):
        return str(error.cause)
    if not error.path:
        return str(error.message)
    place = error.path[0] if query else error.path[-1]
    what = "query parameters" if query else "field/attribute"
    return f"Invalid input for {what} {place}. Value: {error.instance}. {error.message}"


def _whole(error: ValidationError, query: bool, schema: Any) -> str:
    """Placement's: all that the library has to say, schema and instance included."""
    return f"{'Invalid query string parameters' if query else 'JSON does not validate'}: {error}"


def _named(error: ValidationError, query: bool, schema: Any) -> str:
    """Glance's: the same behind the name of the schema."""
    return f"Provided object does not match schema '{schema['name']}': {error}"


def _all_named(errors: Sequence[ValidationError]) -> str:
    """Trove's: all faults of a document with their places, in their order, and what each is made of.

    Empty where one of them has no place, or two places have no order: Trove breaks on these.
    """
    try:
        told = []
        for error in sorted(errors, key=lambda one: list(one.path)):
            first, *rest = error.path
            told.append(f"{first}{''.join(f'[{part!r}]' for part in rest)} {error.message}")
            told += [one.message for one in sorted(error.context or (), key=lambda one: list(one.schema_path))]
    except (TypeError, ValueError):
        return ""
    return f"Validation error: {'; '.join(told)}" if told else ""


ERRORS_MAX = 100
"""So many faults of a document are weighed: with more of them a caller would keep others waiting."""


def _best(errors: Iterator[ValidationError]) -> ValidationError | None:
    """The one that jsonschema.validate tells."""
    found: ValidationError | None = best_match(islice(errors, ERRORS_MAX))
    return found


def _first(errors: Iterator[ValidationError]) -> ValidationError | None:
    return next(errors, None)


def _lists(pairs: Pairs) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


class _FlaskArguments(dict[str, Any]):
    """The first value of each parameter, shown as Flask shows them."""

    def __init__(self, pairs: Pairs) -> None:
        super().__init__(reversed(pairs))
        self._pairs = list(pairs)

    def __repr__(self) -> str:
        return f"ImmutableMultiDict({self._pairs!r})"


def _number(value: Any) -> int | float | None:
    for read in (int, float):
        try:
            return read(value)
        except (ValueError, TypeError):
            continue
    return None


def _of_text(rule: str, plain: Callable[..., Iterator[ValidationError]]) -> Callable[..., Iterator[ValidationError]]:
    """A bound that holds for numbers written as text too."""

    def check(validator: Any, bound: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        number = _number(value)
        if number is not None:
            yield from plain(validator, bound, number, schema) or ()

    return check


def _unique(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    """jsonschema's own compares each object of a list with each other, so that a long one keeps others waiting."""
    if wanted and validator.is_type(value, "array"):
        seen = {json.dumps(one, sort_keys=True) for one in value}
        if len(seen) < len(value):
            yield ValidationError(f"{value!r} has non-unique elements")


def _items_of(plain: Callable[..., Iterator[ValidationError]]) -> Callable[..., Iterator[ValidationError]]:
    """The items of a list, but not of one that is refused for its length: so many keep others waiting."""

    def check(validator: Any, items: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
        if not (validator.is_type(value, "array") and len(value) > schema.get("maxItems", len(value))):
            yield from plain(validator, items, value, schema) or ()

    return check


@dataclass(frozen=True)
class Words:
    """One service's way to refuse."""

    draft: Any
    formats: Mapping[str, Callable[[Any], Any]]
    sentence: Callable[[ValidationError, bool, Any], str] = _with_place
    query: Callable[[Pairs], dict[str, Any]] = _lists
    texts_are_numbers: bool = True
    """Whether `minimum` and `maximum` hold for numbers written as text."""
    query_as_body: bool = False
    """Whether the query's refusals are worded as those of bodies."""
    pick: Callable[[Iterator[ValidationError]], ValidationError | None] = _first
    """Which of a document's faults is told."""
    together: Callable[[Sequence[ValidationError]], str] | None = None
    """What says all of a document's faults at once, where the service does so."""
    after_policy: bool = False
    """Whether the policy is asked before the request is read."""

    @cached_property
    def _validator(self) -> Any:
        plain = self.draft.VALIDATORS
        numbers = ("minimum", "maximum") if self.texts_are_numbers else ()
        rules = {rule: _of_text(rule, plain[rule]) for rule in numbers}
        if self.together is not None:
            rules["items"] = _items_of(plain["items"])
        return jsonschema.validators.extend(self.draft, {"uniqueItems": _unique, **rules})  # type: ignore[no-untyped-call]

    @cached_property
    def _checker(self) -> jsonschema.FormatChecker:
        checker = jsonschema.FormatChecker(formats=())
        checker.checkers = {name: (holds, Said) for name, holds in self.formats.items()}
        return checker

    def of_body(self, schema: Any, document: Any) -> str:
        """The refusal of a body; empty for what the schema takes."""
        return self._say(schema, document, False)

    def of_query(self, schema: Any, pairs: Pairs) -> str:
        """The refusal of a query; empty for what the schema takes."""
        return self._say(schema, self.query(pairs), not self.query_as_body)

    def _say(self, schema: Any, document: Any, query: bool) -> str:
        try:
            errors = self._validator(schema, format_checker=self._checker).iter_errors(document)
            if self.together is not None:
                return self.together(list(islice(errors, ERRORS_MAX)))
            error = self.pick(errors)
        except TypeError as wrong:  # a number as a key of a pattern: the services say what Python says
            return str(wrong)
        except Ended as said:
            return str(said)
        return self.sentence(error, query, schema) if error is not None else ""


WORDS: Mapping[str, Words] = {
    "compute": Words(Draft202012Validator, NOVA),
    "volumev3": Words(Draft4Validator, CINDER),
    "identity": Words(Draft202012Validator, KEYSTONE, query=_FlaskArguments, query_as_body=True),
    "image": Words(Draft202012Validator, {}, _named, texts_are_numbers=False, pick=_best),
    "database": Words(Draft4Validator, {}, texts_are_numbers=False, together=_all_named),
    "placement": Words(
        Draft202012Validator, PLACEMENT, _whole, dict, texts_are_numbers=False, pick=_best, after_policy=True
    ),
}  # fmt: skip
"""By type of the service in the catalog."""

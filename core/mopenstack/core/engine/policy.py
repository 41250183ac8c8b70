"""oslo.policy's check strings, compiled to functions.

Grammar as in oslo_policy._parser: `and`, `or`, `not`, parentheses, `@` (always), `!` (never), and the
checks `rule:NAME`, `role:NAME`, `system_scope:all`, `is_admin:True`, `field:NAME=VALUE` and
`field:NAME=~REGEX` (a field of the target) and `CALLER_ATTRIBUTE:VALUE` where VALUE may be `%(field)s` of
the target: of a repeated field, one of its values. An attribute in quotes is a word: `'public':%(visibility)s`; an
enum's value is its word.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from mopenstack.contract.contract import api_of
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.caller import Caller

Check = Callable[[Caller, Any], bool]

_TOKEN = re.compile(r"\(|\)|(?:[^\s()%]|%\([^)]*\)s)+")
_TEMPLATE = re.compile(r"%\(([^)]*)\)s")


@dataclass(frozen=True, slots=True)
class _Check:
    """A check as it is parsed: `and`, `or` or `not` of parts, or a word without parts."""

    word: str
    parts: tuple[_Check, ...] = ()


def compile_check(text: str, rules: Mapping[str, str], *, strict: bool = False) -> Check:
    """A function of (caller, target) for a check string; raises ValueError for a bad one.

    The target is a message (or None): `%(project_id)s` is its field, and falls back to the caller's own
    attribute where the target has no such field or leaves it empty, as for a create; not so if `strict`.
    """
    return _compiled(_parsed(text, rules), strict)


@cache
def check_in(package: str, text: str, *, strict: bool = False) -> Check:
    """The same for a check string of an API, whose named rules it may use."""
    return _compiled(_parsed_in(package, text), strict)


def _rules_of(package: str) -> dict[str, str]:
    api = api_of(package)
    return {rule.name: rule.check for rule in api.rules} if api is not None else {}


@dataclass(frozen=True, slots=True)
class Atom:
    """One check without `and`, `or`, `not`; `text` is how it is written.

    `field` is the target's field that must have the value which `value` gives for a caller; empty where the check
    does not say it as an equality.
    """

    text: str
    of_target: bool
    field: str = ""
    value: Callable[[Caller], Any] | None = None


def alternatives(package: str, text: str) -> list[list[Atom]]:
    """A check string as alternatives of atoms that must all hold. A part in `not` is one atom of the target."""
    return _products(_parsed_in(package, text))


def _products(check: _Check) -> list[list[Atom]]:
    if check.word == "or":
        return [atoms for part in check.parts for atoms in _products(part)]
    if check.word == "and":
        choices = itertools.product(*(_products(part) for part in check.parts))
        return [[atom for atoms in choice for atom in atoms] for choice in choices]
    if check.word == "not":
        return [[Atom("not", of_target=True)]]
    if check.word in ("@", "!"):
        return [[]] if check.word == "@" else []
    return [[_atom(check.word)]]


def _atom(token: str) -> Atom:
    kind, _, match = token.partition(":")
    if kind in ("role", "system_scope", "is_admin"):
        return Atom(token, of_target=False)
    if kind == "field":
        name, _, value = match.partition("=")
        if value.startswith("~"):
            return Atom(token, of_target=True)
        wanted: Any = {"true": True, "false": False}.get(value.lower(), value)
        return Atom(token, True, name if wanted is not False else "", lambda caller: wanted)
    template = _TEMPLATE.fullmatch(match)
    if template is None:
        return Atom(token, of_target=False)
    if kind[0] in "'\"":
        return Atom(token, True, template.group(1).removeprefix("target."), lambda caller: kind[1:-1])
    return Atom(token, True, template.group(1).removeprefix("target."), lambda caller: getattr(caller, kind, ""))


def _always(caller: Caller, target: Any) -> bool:
    return True


def _never(caller: Caller, target: Any) -> bool:
    return False


@cache
def _parsed_in(package: str, text: str) -> _Check:
    """A check of an API."""
    return _parsed(text, _rules_of(package))


def _parsed(text: str, rules: Mapping[str, str]) -> _Check:
    """A check with its named rules written out; raises ValueError for a bad one."""
    return _Parser(_TOKEN.findall(text), rules).parse() if text.strip() else _Check("@")


class _Parser:
    def __init__(self, tokens: list[str], rules: Mapping[str, str]) -> None:
        self._tokens, self._rules, self._place = tokens, rules, 0

    def parse(self) -> _Check:
        check = self._or()
        if self._place != len(self._tokens):
            raise ValueError(f"policy check: unexpected {self._tokens[self._place]!r}")
        return check

    def _peek(self) -> str:
        return self._tokens[self._place].lower() if self._place < len(self._tokens) else ""

    def _next(self) -> str:
        if self._place >= len(self._tokens):
            raise ValueError("policy check: it ends too early")
        self._place += 1
        return self._tokens[self._place - 1]

    def _or(self) -> _Check:
        return self._joined("or", lambda: self._joined("and", self._not))

    def _joined(self, word: str, part: Callable[[], _Check]) -> _Check:
        parts = [part()]
        while self._peek() == word:
            self._next()
            parts.append(part())
        return parts[0] if len(parts) == 1 else _Check(word, tuple(parts))

    def _not(self) -> _Check:
        if self._peek() == "not":
            self._next()
            return _Check("not", (self._not(),))
        if self._peek() == "(":
            self._next()
            check = self._or()
            if self._next() != ")":
                raise ValueError("policy check: a parenthesis is not closed")
            return check
        return self._word(self._next())

    def _word(self, token: str) -> _Check:
        kind, colon, match = token.partition(":")
        if not colon and token not in ("@", "!"):
            raise ValueError(f"policy check: {token!r} is no check")
        if kind != "rule":
            return _Check(token)
        if match not in self._rules:
            raise ValueError(f"policy check: the package declares no rule {match!r}")
        return _parsed(self._rules[match], self._rules)


def _compiled(check: _Check, strict: bool) -> Check:
    checks = [_compiled(part, strict) for part in check.parts]
    if check.word == "not":
        inner = checks[0]
        return lambda caller, target: not inner(caller, target)
    if check.word in ("or", "and"):
        return _any_of(checks) if check.word == "or" else _all_of(checks)
    return _compiled_word(check.word, strict)


def _any_of(checks: Sequence[Check]) -> Check:
    # One inside the other: on the way of every request a loop costs more.
    if len(checks) == 1:
        return checks[0]
    first, others = checks[0], _any_of(checks[1:])
    return lambda caller, target: first(caller, target) or others(caller, target)


def _all_of(checks: Sequence[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]
    first, others = checks[0], _all_of(checks[1:])
    return lambda caller, target: first(caller, target) and others(caller, target)


def _compiled_word(word: str, strict: bool) -> Check:
    if word in ("@", "!"):
        return _always if word == "@" else _never
    kind, _, match = word.partition(":")
    if kind == "role":
        role = match.lower()
        return lambda caller, target: role in caller.roles
    if kind == "system_scope":
        return lambda caller, target: caller.system
    if kind == "is_admin":
        return lambda caller, target: caller.is_admin
    if kind == "field":
        name, _, value = match.partition("=")
        if value.startswith("~"):
            pattern = re.compile(value[1:])
            return lambda caller, target: pattern.match(str(getattr(target, name, ""))) is not None
        return lambda caller, target: str(getattr(target, name, None)).lower() == value.lower()
    return _attribute(kind, match, strict)


def _attribute(name: str, match: str, strict: bool) -> Check:
    template = _TEMPLATE.fullmatch(match)
    if template is None:
        return lambda caller, target: str(getattr(caller, name, "")) == match
    path = template.group(1).removeprefix("target.").split(".")
    if name[0] in "'\"":
        return _literal(name[1:-1], path)

    def check(caller: Caller, target: Any) -> bool:
        mine = getattr(caller, name, "")
        if not mine:
            return False
        value = target
        for part in path:
            value = getattr(value, part, None)
        if value is not None and not isinstance(value, str):
            return mine in value
        return bool((value or ("" if strict else getattr(caller, path[-1], ""))) == mine)

    return check


def _literal(word: str, path: list[str]) -> Check:
    def check(caller: Caller, target: Any) -> bool:
        owner: Any = None
        value = target
        for part in path:
            owner, value = value, getattr(value, part, None)
        field = owner.DESCRIPTOR.fields_by_name[path[-1]] if isinstance(value, int) else None
        if field is not None and field.enum_type is not None:
            return enum_words(field).get(value) == word
        return bool(value == word) if value is None or isinstance(value, str | int) else word in value

    return check

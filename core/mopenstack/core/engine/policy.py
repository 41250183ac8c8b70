"""oslo.policy's check strings, compiled to functions.

Grammar as in oslo_policy._parser: `and`, `or`, `not`, parentheses, `@` (always), `!` (never), and the
checks `rule:NAME`, `role:NAME`, `system_scope:all`, `is_admin:True`, `field:NAME=VALUE` and
`field:NAME=~REGEX` (a field of the target) and `CALLER_ATTRIBUTE:VALUE` where VALUE may be `%(field)s` of
the target: of a repeated field, one of its values. An attribute in quotes is a word: `'public':%(visibility)s`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from mopenstack.contract.operations import apis
from mopenstack.core.engine.caller import Caller

Check = Callable[[Caller, Any], bool]

_TOKEN = re.compile(r"\(|\)|(?:[^\s()%]|%\([^)]*\)s)+")
_TEMPLATE = re.compile(r"%\(([^)]*)\)s")


def compile_check(text: str, rules: Mapping[str, str]) -> Check:
    """A function of (caller, target) for a check string; raises ValueError for a bad one.

    The target is a message (or None): `%(project_id)s` is its field, and falls back to the caller's own
    attribute where the target has no such field or leaves it empty, as for a create.
    """
    return _Parser(_TOKEN.findall(text), rules).parse() if text.strip() else _always


@cache
def check_in(package: str, text: str) -> Check:
    """The same for a check string of an API, whose named rules it may use."""
    return compile_check(text, {rule.name: rule.check for rule in apis()[package].rules})


def _always(caller: Caller, target: Any) -> bool:
    return True


def _never(caller: Caller, target: Any) -> bool:
    return False


class _Parser:
    def __init__(self, tokens: list[str], rules: Mapping[str, str]) -> None:
        self._tokens, self._rules, self._place = tokens, rules, 0

    def parse(self) -> Check:
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

    def _or(self) -> Check:
        checks = [self._and()]
        while self._peek() == "or":
            self._next()
            checks.append(self._and())
        if len(checks) == 1:
            return checks[0]
        if len(checks) == 2:  # the usual case, on the way of every request
            first, second = checks
            return lambda caller, target: first(caller, target) or second(caller, target)
        return lambda caller, target: any(check(caller, target) for check in checks)

    def _and(self) -> Check:
        checks = [self._not()]
        while self._peek() == "and":
            self._next()
            checks.append(self._not())
        if len(checks) == 1:
            return checks[0]
        if len(checks) == 2:
            first, second = checks
            return lambda caller, target: first(caller, target) and second(caller, target)
        return lambda caller, target: all(check(caller, target) for check in checks)

    def _not(self) -> Check:
        if self._peek() == "not":
            self._next()
            check = self._not()
            return lambda caller, target: not check(caller, target)
        if self._peek() == "(":
            self._next()
            check = self._or()
            if self._next() != ")":
                raise ValueError("policy check: a parenthesis is not closed")
            return check
        return self._atom(self._next())

    def _atom(self, token: str) -> Check:
        if token in ("@", "!"):
            return _always if token == "@" else _never  # noqa: S105  # a word of the check
        kind, colon, match = token.partition(":")
        if not colon:
            raise ValueError(f"policy check: {token!r} is no check")
        if kind == "rule":
            if match not in self._rules:
                raise ValueError(f"policy check: the package declares no rule {match!r}")
            return compile_check(self._rules[match], self._rules)
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
        return _attribute(kind, match)


def _attribute(name: str, match: str) -> Check:
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
        return bool((value or getattr(caller, path[-1], "")) == mine)

    return check


def _literal(word: str, path: list[str]) -> Check:
    def check(caller: Caller, target: Any) -> bool:
        value = target
        for part in path:
            value = getattr(value, part, None)
        return bool(value == word)

    return check

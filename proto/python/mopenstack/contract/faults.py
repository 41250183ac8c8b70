"""The root of every refusal: a name, a canonical gRPC code, a message and its facts.

A service declares its refusals in its contract (`enum Refusal`), with the real service's text and `{placeholders}`;
the classes are made from it (`class SubnetInUse(Conflict)`). The core raises them; a gRPC client sees the code and an
`ErrorInfo` whose reason is the value's name (`SUBNET_IN_USE`) and whose domain is the package; the gateway's dialect
turns them into HTTP. This tree says nothing of HTTP.

    Fault
    ├── BadRequest          INVALID_ARGUMENT
    │   └── InvalidField    a field of the request is not what its declaration says
    ├── Unauthorized        UNAUTHENTICATED
    ├── Forbidden           PERMISSION_DENIED
    │   └── PolicyRefused   the operation's policy says no
    ├── NotFound            NOT_FOUND
    ├── Conflict            FAILED_PRECONDITION
    ├── OverLimit           RESOURCE_EXHAUSTED
    ├── OutOfRange          OUT_OF_RANGE
    ├── NotServed           UNIMPLEMENTED
    ├── Unavailable         UNAVAILABLE
    ├── Internal            INTERNAL
    └── InjectedFault       what a rule of the service Faults asks for: the code follows from the status
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

DOMAIN = "mopenstack"
"""Of refusals that no package declares: a bad field, the policy."""


class Fault(Exception):
    """A refusal. `facts` fill the message's placeholders and travel as ErrorInfo metadata."""

    code: ClassVar[str] = "UNKNOWN"
    message: ClassVar[str] = ""
    name: ClassVar[str] = ""
    """Of the value of `enum Refusal` that declares it."""
    domain: ClassVar[str] = DOMAIN
    type: ClassVar[str] = ""
    """The name that the real service gives it in its answer, where that is another one than the class's."""

    error_code: ClassVar[str] = ""
    """The code that the real service adds to its answer; it travels as a fact."""

    def __init__(self, text: str | None = None, **facts: Any) -> None:
        if self.error_code:
            facts.setdefault("error_code", self.error_code)
        self.facts = facts
        self.text = text if text is not None else self.message.format(**facts)
        super().__init__(self.text)

    @property
    def reason(self) -> str:
        """The name by which a dialect knows this refusal."""
        return self.type or self.__class__.__name__

    @property
    def error_reason(self) -> str:
        """The reason in ErrorInfo: the name of the value that declares it, else the class's in upper case."""
        return self.name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.__class__.__name__).upper()


class BadRequest(Fault):
    code = "INVALID_ARGUMENT"


class InvalidField(BadRequest):
    """`path` is the field's place in the JSON document, `rule` the broken one of its declaration.

    rule: type, required, unknown, read_only, max_length, min_length, pattern, format, minimum,
    maximum, one_of, max_items, min_items, unique_items, json, size, twice. `bound` is what the rule asked for;
    of unknown keys, `known` are those that the object has and this request may not give.
    """

    known: tuple[str, ...] = ()

    def __init__(self, path: tuple[str | int, ...], value: Any, rule: str, bound: Any = None, text: str = "") -> None:
        self.path, self.value, self.rule, self.bound = path, value, rule, bound
        super().__init__(text or f"{'.'.join(map(str, path))}: {rule} {bound!r}", rule=rule)


class Unauthorized(Fault):
    code = "UNAUTHENTICATED"
    message = "The request you have made requires authentication."


class Forbidden(Fault):
    code = "PERMISSION_DENIED"


class PolicyRefused(Forbidden):
    """`rules` are the names of the policies that were asked, the operation's own first."""

    def __init__(self, rules: list[str]) -> None:
        self.rules = rules
        super().__init__(f"Policy doesn't allow {rules[0]} to be performed.", rules=",".join(rules))


class NotFound(Fault):
    code = "NOT_FOUND"


class Conflict(Fault):
    code = "FAILED_PRECONDITION"


class OverLimit(Fault):
    code = "RESOURCE_EXHAUSTED"


class OutOfRange(Fault):
    code = "OUT_OF_RANGE"


class NotServed(Fault):
    code = "UNIMPLEMENTED"


class Unavailable(Fault):
    code = "UNAVAILABLE"


class Internal(Fault):
    code = "INTERNAL"
    message = "The server has either erred or is incapable of performing the requested operation."


class InjectedFault(Fault):
    """The failure that a fault rule asks for.

    status        HTTP status of the answer
    text          of the error; "": the service's own words for that status
    rule          id of the rule
    reason        the name that the answer gives it, where the service's answers have one
    retry_after   seconds, for the header
    proxy         whether what stands before the service answers for it
    drops         whether there is no answer at all
    """

    def __init__(
        self,
        status: int,
        text: str = "",
        *,
        rule: str = "",
        reason: str = "",
        retry_after: int | None = None,
        proxy: bool = False,
        drops: bool = False,
    ) -> None:
        self.status, self.rule, self.proxy, self.drops = status, rule, proxy, drops
        self.given_reason, self.retry_after = reason, retry_after
        facts: dict[str, Any] = {"status": status, "fault": rule, "reason": reason}
        facts |= {} if retry_after is None else {"retry_after": retry_after}
        facts |= {name: True for name, given in (("proxy", proxy), ("drops", drops)) if given}
        if reason:
            facts["error_code"] = reason
        super().__init__(text, **facts)
        self.code = "UNAVAILABLE" if drops else code_of(status)  # type: ignore[misc]  # it stands for any code

    @property
    def reason(self) -> str:
        return self.given_reason or self.__class__.__name__

    @classmethod
    def of_facts(cls, text: str, facts: Mapping[str, str]) -> InjectedFault:
        """The same fault, from the facts that travelled as ErrorInfo metadata."""
        retry_after = facts.get("retry_after")
        return cls(
            int(facts["status"]),
            text,
            rule=facts["fault"],
            reason=facts["reason"],
            retry_after=None if retry_after is None else int(retry_after),
            proxy="proxy" in facts,
            drops="drops" in facts,
        )


_CODES: Mapping[int, str] = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "FAILED_PRECONDITION",
    412: "FAILED_PRECONDITION",
    413: "RESOURCE_EXHAUSTED",
    416: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    498: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    507: "RESOURCE_EXHAUSTED",
}


def code_of(status: int) -> str:
    """The gRPC status code of an HTTP status of 4xx or 5xx.

    Source: google.rpc.Code, "HTTP Mapping".
    """
    return _CODES.get(status) or ("INTERNAL" if status >= 500 else "INVALID_ARGUMENT")


BASES: Mapping[str, type[Fault]] = {
    base.code: base
    for base in (
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        Conflict,
        OverLimit,
        OutOfRange,
        NotServed,
        Unavailable,
        Internal,
    )
}
"""gRPC status code -> the class of its refusals."""

F = TypeVar("F", bound=type[Fault])
_declared: dict[tuple[str, str], type[Fault]] = {}


def register(refusal: F) -> F:
    """Make a declared refusal known, so that it is the same class again when it comes over gRPC."""
    _declared[(refusal.domain, refusal.name)] = refusal
    return refusal


def declared(domain: str, name: str) -> type[Fault] | None:
    """The class of a declared refusal by ErrorInfo's domain and reason."""
    return _declared.get((domain, name))


class RemoteFault(Fault):
    """A refusal that came over gRPC, and that no loaded package declares."""

    def __init__(self, code: str, reason: str, text: str, facts: dict[str, str]) -> None:
        super().__init__(text, **facts)
        self.code = code  # type: ignore[misc]  # an instance of this class stands for any code
        self._reason = reason

    @property
    def reason(self) -> str:
        return self._reason

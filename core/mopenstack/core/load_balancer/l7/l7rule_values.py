"""What an L7 rule must be: l7rule_data of octavia/common/validate.py."""

from __future__ import annotations

import re

from mopenstack.load_balancer.v2.l7rules_pb2 import L7Rule
from mopenstack.load_balancer.v2.refusals import L7RuleValidation

_NAME = re.compile(r"[a-zA-Z0-9!#$%&'*+-.^_`|~]+")
_COOKIE = re.compile(r"[a-zA-Z0-9!#$%&'()*+-./:<=>?@\[\]^_`{|}~]+")
_VALUE = re.compile(r'[a-zA-Z0-9!"#$%&\'()*+,-./:;<=>?@\[\]^_`{|}~\\]+')
_QUOTED = re.compile(r'"[a-zA-Z0-9 \t!"#$%&\'()*+,-./:;<=>?@\[\]^_`{|}~\\]*"')
_DN_FIELD = re.compile(r"[a-zA-Z][A-Za-z0-9-]*")
KEYLESS = ("HOST_NAME", "PATH", "FILE_TYPE")


def check(rule: L7Rule) -> None:
    """Raise L7RuleValidation for a rule that no request could be held against."""
    if not rule.value:
        raise _invalid("L7 rule type requires a value")
    if rule.type.startswith("SSL_"):
        _check_tls(rule)
        return
    if rule.type in ("HEADER", "COOKIE"):
        if not rule.key:
            raise _invalid("L7 rule type requires a key")
        if _NAME.fullmatch(rule.key) is None:
            raise L7RuleValidation(error="Invalid characters in key")
    if rule.compare_type == "REGEX":
        _check_regex(rule.value)
    elif rule.type == "FILE_TYPE" and rule.compare_type != "EQUAL_TO":
        raise _invalid("invalid comparison type for rule type")
    elif rule.type == "COOKIE":
        if _COOKIE.fullmatch(rule.value) is None:
            raise L7RuleValidation(error="Invalid characters in cookie value")
    elif _VALUE.fullmatch(rule.value) is None and _QUOTED.fullmatch(rule.value) is None:
        what = "header value" if rule.type == "HEADER" else "comparison value"
        raise L7RuleValidation(error=f"Invalid characters in {what}")


def _check_tls(rule: L7Rule) -> None:
    """Source: validate_l7rule_ssl_types."""
    kind = rule.type
    if kind == "SSL_DN_FIELD":
        if rule.compare_type == "REGEX":
            _check_regex(rule.value)
        if not rule.key:
            raise _invalid(f"L7rule type {kind} needs to specify a key and a value.")
        if _DN_FIELD.fullmatch(rule.key) is None:
            raise _invalid("Invalid L7rule distinguished name field.")
        return
    if rule.key:
        raise _invalid(f'L7rule type {kind} does not use the "key" field.')
    if kind == "SSL_CONN_HAS_CERT" and rule.value.lower() != "true":
        raise _invalid(f"L7rule value {rule.value} is not a boolean True string.")
    if kind == "SSL_VERIFY_RESULT" and not rule.value.isdigit():
        raise _invalid(f"L7rule type {kind} needs a int value, which is >= 0")
    if rule.compare_type != "EQUAL_TO":
        raise _invalid(f"L7rule type {kind} only supports the EQUAL_TO compare type.")


def _check_regex(pattern: str) -> None:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise L7RuleValidation(error=f"Unable to parse regular expression: {error}") from None


def _invalid(why: str) -> L7RuleValidation:
    return L7RuleValidation(error=f"Invalid L7 Rule: {why}")

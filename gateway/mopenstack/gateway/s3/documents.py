"""XML documents that clients send, held against their schemas: no entities, no unknown element, bounded size.

Source: swift.common.middleware.s3api.etree and its schema/*.rng.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError  # parsed by defusedxml

from mopenstack.gateway.s3.xml import NAMESPACE, XSI

INT_MAX = 2**31 - 1
XSI_TYPE = f"{{{XSI}}}type"
_CHECKSUMS = ("ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256")
_PERMISSIONS = frozenset({"READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"})


class Malformed(Exception):
    """No XML, or not what the schema of the document says."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """What an element holds: children with how often (least, most; 0: any number), or one of some words, or text."""

    children: Mapping[str, tuple[int, int, _Rule]] | None = None
    words: frozenset[str] = frozenset()
    whole: bool = False
    """Whether the text is a whole number."""
    types: Mapping[str, _Rule] | None = None
    """By the schema instance's type: what the element holds."""


_TEXT = _Rule()


def _one(rule: _Rule) -> tuple[int, int, _Rule]:
    return 1, 1, rule


def _maybe(rule: _Rule) -> tuple[int, int, _Rule]:
    return 0, 1, rule


_USER = _Rule({"ID": _one(_TEXT), "DisplayName": _maybe(_TEXT)})
_GRANTEE = _Rule(
    types={
        "AmazonCustomerByEmail": _Rule({"EmailAddress": _one(_TEXT)}),
        "CanonicalUser": _USER,
        "Group": _Rule({"URI": _one(_TEXT)}),
    }
)
_GRANT = _Rule({"Grantee": _one(_GRANTEE), "Permission": _one(_Rule(words=_PERMISSIONS))})
_PART = _Rule(
    {
        "PartNumber": _one(_Rule(whole=True)),
        "ETag": _one(_TEXT),
        **{name: _maybe(_TEXT) for name in _CHECKSUMS},
    }
)
_SCHEMAS: Mapping[str, _Rule] = {
    "AccessControlPolicy": _Rule({"Owner": _one(_USER), "AccessControlList": _one(_Rule({"Grant": (0, 0, _GRANT)}))}),
    "CompleteMultipartUpload": _Rule({"Part": (1, 0, _PART)}),
    "CreateBucketConfiguration": _Rule({"LocationConstraint": _one(_TEXT)}),
    "Delete": _Rule(
        {
            "Quiet": _maybe(_TEXT),
            "Object": (1, 0, _Rule({"Key": _one(_TEXT), "VersionId": _maybe(_TEXT)})),
        }
    ),
    "VersioningConfiguration": _Rule(
        {
            "Status": _maybe(_Rule(words=frozenset({"Enabled", "Suspended"}))),
            "MfaDelete": _maybe(_Rule(words=frozenset({"Enabled", "Disabled"}))),
        }
    ),
}
_ANY_ROOT = frozenset({"CreateBucketConfiguration"})
"""Documents whose root may have any name."""


def parse(body: bytes, name: str) -> Element:
    """The root of a document, its elements without namespace; raises Malformed."""
    from defusedxml import ElementTree as Safe
    from defusedxml.common import DefusedXmlException

    try:
        root: Element = Safe.fromstring(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        raise Malformed from None
    silent = (f"{{{NAMESPACE}}}", _namespace(root.tag))
    for element in root.iter():
        for namespace in silent:
            element.tag = element.tag.removeprefix(namespace)
    if root.tag != name and name not in _ANY_ROOT:
        raise Malformed
    _check(root, _SCHEMAS[name])
    return root


def _namespace(tag: str) -> str:
    """What stands before the name of an element: `{urn:...}`, or nothing."""
    return tag[: tag.find("}") + 1]


def _check(element: Element, rule: _Rule) -> None:
    if rule.types is not None:
        found = rule.types.get(element.attrib.get(XSI_TYPE, ""))
        if found is None or set(element.attrib) != {XSI_TYPE}:
            raise Malformed
        rule = found
    elif element.attrib:
        raise Malformed
    text = element.text or ""
    if rule.children is None:
        if len(element) or (rule.words and text.strip() not in rule.words):
            raise Malformed
        if rule.whole:
            _check_whole(text.strip())
        return
    if text.strip() or any((child.tail or "").strip() for child in element):
        raise Malformed
    counts = dict.fromkeys(rule.children, 0)
    for child in element:
        if child.tag not in rule.children:
            raise Malformed
        counts[child.tag] += 1
        _check(child, rule.children[child.tag][2])
    for name, (least, most, _) in rule.children.items():
        if counts[name] < least or (most and counts[name] > most):
            raise Malformed


def _check_whole(text: str) -> None:
    digits = text.removeprefix("-").removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 10 or abs(int(digits)) > INT_MAX:
        raise Malformed


def text_of(element: Element, path: str) -> str | None:
    """The text of a child; None where there is no such child, or no text in it."""
    found = element.find(path)
    return None if found is None else found.text

"""XML documents as S3's clients are sent them."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, tostring  # written here, never read

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_DECLARATION = b"<?xml version='1.0' encoding='UTF-8'?>\n"
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document can hold."""

__all__ = ["Element", "add", "grantee", "render", "speakable"]


def speakable(text: str) -> bool:
    """Whether an XML document can hold a text."""
    return _UNSPEAKABLE.search(text) is None


def add(parent: Element, name: str, text: str | None = None) -> Element:
    """A new element at the end of another; a text that XML cannot hold is said to be none."""
    made = SubElement(parent, name)
    if text:
        made.text = text if speakable(text) else "(invalid string)"
    return made


def grantee(parent: Element, kind: str) -> Element:
    """A Grantee of an ACL: `kind` is the type that the schema instance's attribute tells."""
    return SubElement(parent, "Grantee", {"xmlns:xsi": XSI, "xsi:type": kind})


def render(root: Element, *, namespace: bool = True) -> bytes:
    """The document, in S3's namespace or in none."""
    if namespace:
        root.attrib = {"xmlns": NAMESPACE, **root.attrib}
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=False)
    return _DECLARATION + written

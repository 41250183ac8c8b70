"""The types and encodings of payloads. Sources: barbican/plugin/util/mime_types.py and translations.py."""

from __future__ import annotations

import base64
import binascii

from mopenstack.key_manager.v1 import refusals

PLAIN = ("text/plain", "text/plain;charset=utf-8", "text/plain; charset=utf-8")
BINARY = ("application/octet-stream", "application/pkcs8")
SUPPORTED = [*PLAIN, *BINARY]
ENCODINGS = ["base64", "binary"]
"""Of payloads of the binary types."""
BYTES_MAX = 20_000
"""barbican.conf, max_allowed_secret_in_bytes."""


def normal(content_type: str) -> str:
    """A content type without the charset that all text has; another charset leaves it as it is."""
    kind, semicolon, charset = (part.strip() for part in content_type.partition(";"))
    if semicolon:
        _, equals, value = (part.strip() for part in charset.lower().partition(";")[0].partition("="))
        if not equals or value != "utf-8":
            return content_type
    word = kind.lower()
    return word if word in SUPPORTED else content_type


def is_supported(content_type: str) -> bool:
    return normal(content_type) in SUPPORTED


def takes_encoding(content_type: str, encoding: str | None) -> bool:
    """Whether a payload of a supported type may be given in an encoding; None: in none."""
    return encoding in ENCODINGS if normal(content_type) in BINARY else encoding is None


def given(payload: bytes, content_type: str, encoding: str | None) -> bytes:
    """The bytes that a payload stands for; raises the refusal of an encoding."""
    if normal(content_type) not in BINARY or not encoding:
        return payload
    if encoding.lower() != "base64":
        raise refusals.ContentEncodingMustBeBase64()
    return decoded(payload)


def decoded(text: bytes) -> bytes:
    """Base64 as Python's lenient decoder takes it; raises binascii.Error."""
    return base64.b64decode(text)


def is_base64(text: str) -> bool:
    """Whether Barbican takes a text for base64."""
    try:
        decoded(text.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError):
        return False
    return True


def answered(payload: bytes, wanted: str) -> bytes:
    """A payload in the type that the client wants; raises WrongAccept."""
    if wanted not in SUPPORTED:
        raise refusals.WrongAccept()
    if wanted in PLAIN:
        try:
            payload.decode()
        except UnicodeDecodeError:
            raise refusals.WrongAccept() from None
    return payload

"""Who signs a request: the access key, the signature, and what was signed, of versions 2 and 4.

Source: swift.common.middleware.s3api.s3request (_parse_auth_info and what it calls).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mopenstack.gateway.s3 import dates, signatures
from mopenstack.gateway.s3.errors import S3Error, invalid_argument
from mopenstack.gateway.s3.recognition import decoded

SKEW_SECONDS_MAX = 15 * 60
WEEK_SECONDS = 604_800
_NO_DATE = "AWS authentication requires a valid Date or x-amz-date header"
_CONTROLS = "".join(map(chr, range(0x21)))
_MUST_BE_SIGNED = ("x-amz-copy", "x-amz-acl", "x-amz-grant", "x-amz-meta")
_OLD_BOTO = re.compile(r"Boto/2.[0-9].[0-2]")


class _Raw(Protocol):
    verb: str
    path: str
    signed_path: str
    query: str
    headers: Sequence[tuple[str, str]]


@dataclass(slots=True)
class Authorization:
    """`text` is what should have been signed; `scope`, `stamp` and `canonical` are of version 4 alone."""

    access: str
    signature: str
    in_query: bool
    _make: Callable[[], tuple[bytes, bytes]]
    text: bytes = b""
    canonical: bytes = b""
    scope: signatures.Scope | None = None
    stamp: str = ""
    others: tuple[bytes, ...] = ()
    """What clients of version 2 sign who leave out the path of the endpoint itself."""

    def make_text(self) -> None:
        """Make the text that is signed; raises the refusal of headers that should have been."""
        self.text, self.canonical = self._make()

    def mismatch(self, text: bytes | None = None) -> S3Error:
        """The refusal of the signature, with what should have been signed."""
        shown = self.text if text is None else text
        facts: dict[str, Any] = {
            "a_w_s_access_key_id": self.access,
            "string_to_sign": shown,
            "signature_provided": self.signature,
            "string_to_sign_bytes": shown.hex(" "),
        }
        if self.canonical:
            facts |= {"canonical_request": self.canonical, "canonical_request_bytes": self.canonical.hex(" ")}
        return S3Error("SignatureDoesNotMatch", **facts)


def stripped(value: str | None) -> str | None:
    """A header without the control characters at its ends; None where nothing is left."""
    found = value.strip(_CONTROLS) if value is not None else ""
    return found if found or value == "" else None


# -- version 2


def read_v2(
    raw: _Raw, headers: Mapping[str, str], params: Mapping[str, str], now: float, host_bucket: str | None
) -> Authorization:
    in_query = "AWSAccessKeyId" in params
    if in_query:
        _check_expires_v2(params, now)
        values = [params.get(name, "") for name in ("AWSAccessKeyId", "Expires", "Signature")]
        if not all(values):
            raise S3Error("AccessDenied")
        access, _, signature = values
    else:
        date = headers.get("X-Amz-Date", headers.get("Date"))
        if not headers.get("Date") and not headers.get("X-Amz-Date"):
            raise S3Error("AccessDenied", _NO_DATE)
        _check_skew(_date(date, dates.V2), now)
        text = headers["Authorization"]
        if not text.startswith("AWS ") or ":" not in text:
            raise S3Error("AccessDenied")
        access, _, signature = text[4:].rpartition(":")

    def make() -> tuple[bytes, bytes]:
        amz: dict[str, str] = {}
        for name, value in raw.headers:
            key = name.lower().strip()
            if key.startswith("x-amz-"):
                amz[key] = f"{amz[key]},{value.strip()}" if key in amz else value.strip()
        if in_query:
            signed_date: str | None = params["Expires"]
        else:
            signed_date = "" if "x-amz-date" in amz else headers.get("Date")
        md5, content_type = stripped(headers.get("Content-MD5")) or "", stripped(headers.get("Content-Type")) or ""
        paths = [raw.signed_path]
        if raw.path != raw.signed_path:
            paths += [raw.path, *([f"{raw.path}/"] if raw.path.count("/") == 1 else [])]
        text, *others = (
            signatures.text_v2(raw.verb, md5, content_type, signed_date, amz, path, params)
            for path in (f"/{host_bucket}{path}" if host_bucket else path for path in paths)
        )
        found.others = tuple(others)
        return text, b""

    found = Authorization(access, signature, in_query, make)
    return found


def _check_expires_v2(params: Mapping[str, str], now: float) -> None:
    text = params.get("Expires", "")
    try:
        expires = float(text)
    except ValueError:
        raise S3Error("AccessDenied") from None
    if expires != expires or expires < 0 or expires > dates.LAST:
        raise S3Error("AccessDenied")
    if now > expires:
        raise S3Error("AccessDenied", "Request has expired")
    if expires >= 2**31:
        raise S3Error("AccessDenied", f"Invalid date (should be seconds since epoch): {text}")


def _date(text: str | None, form: str) -> int:
    try:
        found = dates.parse(text or "", form)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise S3Error("AccessDenied", _NO_DATE) from None
    if found < 0:
        raise S3Error("AccessDenied", _NO_DATE)
    if found > dates.LAST:
        raise S3Error("RequestTimeTooSkewed")
    return found


def _check_skew(signed: int, now: float) -> None:
    if abs(signed - int(now)) > SKEW_SECONDS_MAX:
        raise S3Error("RequestTimeTooSkewed")


# -- version 4


def read_v4(raw: _Raw, headers: Mapping[str, str], params: Mapping[str, str], now: float, region: str) -> Authorization:
    in_query = "X-Amz-Credential" in params
    lasting = _seconds_v4(params) if in_query else 0
    if in_query and "X-Amz-Date" in params:
        signed = _date(params["X-Amz-Date"], dates.V4)
    elif not in_query and not headers.get("Date") and not headers.get("X-Amz-Date"):
        raise S3Error("AccessDenied", _NO_DATE)
    elif headers.get("X-Amz-Date"):
        signed = _date(headers["X-Amz-Date"], dates.V4)
    else:
        signed = _date(headers.get("Date"), dates.V2)
    stamp = dates.stamp(signed)
    scope = signatures.Scope(stamp.partition("T")[0], region)
    if in_query:
        if signed + lasting < now:
            raise S3Error("AccessDenied", "Request has expired")
        access, signature, names, scope = _of_query(params, scope)
    else:
        _check_skew(signed, now)
        access, signature, names, scope = _of_header(headers["Authorization"], scope)

    def make() -> tuple[bytes, bytes]:
        payload = headers.get("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")
        path = decoded(raw.signed_path)
        canonical = signatures.request_v4(raw.verb, path, params, _signed_headers(raw, names), payload)
        return signatures.text_v4(stamp, scope, canonical), canonical

    return Authorization(access, signature, in_query, make, scope=scope, stamp=stamp)


def _seconds_v4(params: Mapping[str, str]) -> int:
    """How long a pre-signed address is good for."""
    text = params.get("X-Amz-Expires")
    if text is None:
        raise S3Error("AccessDenied")
    code = "AuthorizationQueryParametersError"
    try:
        seconds = int(text) if len(text) <= 40 else 2**63
    except ValueError:
        raise S3Error(code, "X-Amz-Expires should be a number") from None
    if seconds < 0:
        raise S3Error(code, "X-Amz-Expires must be non-negative")
    if seconds >= 2**63:
        raise S3Error(code, "X-Amz-Expires should be a number")
    if seconds > WEEK_SECONDS:
        raise S3Error(
            code,
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            "604800 seconds",
        )
    return seconds


def _credential(text: str) -> tuple[str, signatures.Scope]:
    parts = text.split("/")
    if not parts[0] or len(parts) != 5:
        raise S3Error("AccessDenied")
    return parts[0], signatures.Scope(*parts[1:])


def _of_query(params: Mapping[str, str], scope: signatures.Scope) -> tuple[str, str, frozenset[str], signatures.Scope]:
    if params.get("X-Amz-Algorithm") != signatures.ALGORITHM:
        raise invalid_argument("X-Amz-Algorithm", params.get("X-Amz-Algorithm"))
    access, told = _credential(params["X-Amz-Credential"])
    signature = params.get("X-Amz-Signature", "")
    if not signature:
        raise S3Error("AccessDenied")
    if "X-Amz-SignedHeaders" not in params:
        raise S3Error("AuthorizationHeaderMalformed")
    code, where = "AuthorizationQueryParametersError", "Error parsing the X-Amz-Credential parameter"
    return access, signature, frozenset(params["X-Amz-SignedHeaders"].split(";")), _agreed(told, scope, code, where)


def _of_header(text: str, scope: signatures.Scope) -> tuple[str, str, frozenset[str], signatures.Scope]:
    def part(name: str) -> str:
        return text.partition(f"{name}=")[2].split(",")[0]

    access, told = _credential(part("Credential"))
    signature = part("Signature")
    if not signature:
        raise S3Error("AccessDenied")
    names = part("SignedHeaders")
    if not names:
        raise S3Error("AuthorizationHeaderMalformed")
    code, where = "AuthorizationHeaderMalformed", "The authorization header is malformed"
    return access, signature, frozenset(names.split(";")), _agreed(told, scope, code, where)


def _agreed(told: signatures.Scope, scope: signatures.Scope, code: str, where: str) -> signatures.Scope:
    """The scope that the client tells, if it is the request's; a region in small letters will do."""
    if told.date != scope.date:
        raise S3Error(
            code,
            f'Invalid credential date "{told.date}". This date is not the same as X-Amz-Date: "{scope.date}".',
        )
    if told.region not in (scope.region, scope.region.lower()):
        raise S3Error(
            code, f"{where}; the region '{told.region}' is wrong; expecting '{scope.region}'", region=scope.region
        )
    if told.service != scope.service:
        raise S3Error(code, f'{where}; incorrect service "{told.service}". This endpoint belongs to "{scope.service}".')
    if told.terminal != scope.terminal:
        raise S3Error(code, f'{where}; incorrect terminal "{told.terminal}". This endpoint uses "{scope.terminal}".')
    return told


def _signed_headers(raw: _Raw, names: frozenset[str]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for name, value in raw.headers:
        key, text = name.lower().strip(), " ".join((stripped(value) or "").split())
        found[key] = f"{found[key]},{text}" if key in found else text
    for name in found:
        if name not in names and name.startswith(_MUST_BE_SIGNED):
            raise S3Error(
                "AccessDenied",
                "There were headers present in the request which were not signed",
                headers_not_signed=name,
            )
    if "host" in found and _OLD_BOTO.match(found.get("user-agent", "")):
        found["host"] = found["host"].split(":")[0]
    signed = [(name, value) for name, value in sorted(found.items()) if name in names]
    if len(signed) != len(names):
        raise S3Error("SignatureDoesNotMatch")
    return signed

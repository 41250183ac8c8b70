"""A zone file is text, and says so by its type; or it is a part of JSON."""

from __future__ import annotations

from collections.abc import Mapping

from mopenstack.contract.faults import BadRequest, InvalidField
from mopenstack.dns.v2.refusals import UnsupportedContentType
from mopenstack.dns.v2.zones import zone_files_pb2 as pb
from mopenstack.gateway.codec.values import decode_json
from mopenstack.gateway.hooks import BodyHook, BodySchema

TEXT, JSON = "text/dns", "application/json"
_LACKING = 'The "zonefile" field is required when using application/json content type'


def zone_file(message: pb.CreateZoneImportRequest, body: bytes, headers: Mapping[str, str]) -> None:
    """The file; raises UnsupportedContentType for another type of body."""
    kind = headers.get("Content-Type", "").partition(";")[0].strip()
    if kind not in (TEXT, JSON):
        raise UnsupportedContentType(wanted=f"{TEXT} or {JSON}")
    if kind == JSON:
        _read_json(message, body)
        return
    try:
        message.zone_file = body.decode()
    except UnicodeDecodeError as wrong:
        raise BadRequest(str(wrong)) from None


def _read_json(message: pb.CreateZoneImportRequest, body: bytes) -> None:
    try:
        document = decode_json(body)
    except InvalidField:
        raise BadRequest("Invalid JSON body") from None
    if not isinstance(document, dict) or not isinstance(document.get("zonefile"), str):
        raise BadRequest(_LACKING)
    attributes = document.get("attributes", {})
    if not isinstance(attributes, dict):
        raise InvalidField(("attributes",), attributes, "type", "object")
    try:
        message.zone_file = document["zonefile"]
        for key, value in attributes.items():
            message.attributes[key] = str(value)
    except UnicodeEncodeError as wrong:
        raise BadRequest(str(wrong)) from None


_IMPORT = "mopenstack.dns.v2.ZoneImports.CreateZoneImport"

BODY_HOOKS: dict[str, BodyHook] = {_IMPORT: zone_file}
BODY_SCHEMAS: dict[str, BodySchema] = {_IMPORT: lambda declared: {TEXT: {"type": "string"}, JSON: declared}}

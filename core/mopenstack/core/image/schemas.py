"""JSON schemas of the documents that the Image API speaks (glance.api.v2.schemas)."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format

from mopenstack.core.engine.servicer import Servicer
from mopenstack.image.metadef_schemas import METADEF_SCHEMAS
from mopenstack.image.schemas import SCHEMAS
from mopenstack.image.v2 import schemas_pb2 as pb

_KNOWN = {**SCHEMAS, **{f"metadef_{name}": schema for name, schema in METADEF_SCHEMAS.items()}}


def _shown(schema: dict[str, Any]) -> pb.Schema:
    shown = pb.Schema()
    json_format.ParseDict(schema, shown.document)
    return shown


class Schemas(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Schemas"]
    fixed = {f"Get{name.title().replace('_', '')}Schema": _shown(schema) for name, schema in _KNOWN.items()}  # noqa: RUF012

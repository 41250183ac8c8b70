"""JSON schemas of the documents that the Image API speaks (glance.api.v2.schemas)."""

from __future__ import annotations

import re

from google.protobuf import json_format

from mopenstack.contract.operations import Operation
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Handler, Result, Servicer
from mopenstack.image.metadef_schemas import METADEF_SCHEMAS
from mopenstack.image.schemas import SCHEMAS
from mopenstack.image.v2 import schemas_pb2 as pb

_KNOWN = {**SCHEMAS, **{f"metadef_{name}": schema for name, schema in METADEF_SCHEMAS.items()}}


class Schemas(Servicer):
    service = pb.DESCRIPTOR.services_by_name["Schemas"]

    def handler(self, operation: Operation) -> Handler | None:
        """Each operation shows the schema that its name names."""
        found = re.fullmatch(r"get_(\w+)_schema", operation.handler)
        assert found is not None, operation.handler
        shown = pb.Schema()
        json_format.ParseDict(_KNOWN[found[1]], shown.document)

        async def show(call: Call, request: pb.GetSchemaRequest) -> Result:
            return shown

        return show

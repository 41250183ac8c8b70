"""Types of resources as the API shows them. Source: heat/engine/environment.py (get_types)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.values import to_struct, to_value
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.caller_patterns import BadPattern, caller_pattern
from mopenstack.core.engine.servicer import Result
from mopenstack.core.orchestration import resource_types
from mopenstack.core.orchestration.resource_types import UnknownType
from mopenstack.core.orchestration.stacks import arguments
from mopenstack.core.orchestration.stacks.stacks import HeatServicer
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.templates import resource_types_pb2 as pb

STATUSES = ("UNKNOWN", "SUPPORTED", "DEPRECATED", "UNSUPPORTED", "HIDDEN")


class ResourceTypes(HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["ResourceTypes"]

    async def list_resource_types(self, call: Call, request: pb.ListResourceTypesRequest) -> Result:
        described = request.HasField("with_description") and arguments.boolean(
            "with_description", request.with_description
        )
        status = request.support_status if request.HasField("support_status") else None
        if status is not None and status not in STATUSES:
            raise refusals.InvalidData(reason=f"Invalid support status and should be one of {STATUSES}")
        found: list[Any] = []
        for name in self._names(call, request):
            kind = resource_types.find(name)
            if kind.support.status == "HIDDEN" or (status is not None and kind.support.status != status):
                continue
            if request.HasField("version") and kind.support.version != request.version:
                continue
            if (kind.admin and not call.caller.is_admin) or resource_types.unavailable(call, kind):
                continue
            found.append({"resource_type": name, "description": kind.description} if described else name)
        return pb.ListResourceTypesResponse(resource_types=[to_value(one) for one in found])

    def _names(self, call: Call, request: pb.ListResourceTypesRequest) -> list[str]:
        names = resource_types.names()
        if not request.HasField("name"):
            return names
        try:
            pattern = caller_pattern(f"^(?:{request.name})")
        except BadPattern:
            return []
        return [name for name in names if pattern.search(name)]

    async def get_resource_type(self, call: Call, request: pb.GetResourceTypeRequest) -> Result:
        if request.HasField("with_description"):  # it is read, and changes nothing
            arguments.boolean("with_description", request.with_description)
        try:
            shown = dict(resource_types.schema(request.type_name))
        except UnknownType:
            raise refusals.ResourceTypeNotFound(name=request.type_name) from None
        return pb.GetResourceTypeResponse(schema=to_struct(shown))

    async def get_resource_type_template(self, call: Call, request: pb.GetResourceTypeTemplateRequest) -> Result:
        language = request.template_type if request.HasField("template_type") else "cfn"
        if language.lower() not in ("cfn", "hot"):
            wrong = f'Invalid template type "{language}", valid types are: cfn, hot.'
            raise refusals.BadRequest(message=f"Template type is not supported: {wrong}")
        try:
            shown = resource_types.template(request.type_name, language.lower())
        except UnknownType:
            raise refusals.ResourceTypeNotFound(name=request.type_name) from None
        return pb.GetResourceTypeTemplateResponse(template=to_struct(shown))

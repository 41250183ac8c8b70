"""Templates on their own: validation, versions, functions. Source: heat/engine/service.py (validate_template)."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.values import to_struct
from mopenstack.core.engine.call import Call
from mopenstack.core.engine.servicer import Result
from mopenstack.core.orchestration.failures import ValidationFailed
from mopenstack.core.orchestration.functions.base import Removed
from mopenstack.core.orchestration.functions.versions import BY_NAME, VERSIONS
from mopenstack.core.orchestration.resource_types.base import ResourceFailure
from mopenstack.core.orchestration.runs import owners, validation
from mopenstack.core.orchestration.runs.plan import Identity, Plan
from mopenstack.core.orchestration.runs.run import Run
from mopenstack.core.orchestration.stacks import arguments, making, wishes
from mopenstack.core.orchestration.stacks.stacks import HeatServicer
from mopenstack.core.orchestration.templates.environments import TEMPLATE_ENDS, Environment
from mopenstack.core.orchestration.templates.parameters import CFN_WORDS, Schema
from mopenstack.core.orchestration.templates.template import Template
from mopenstack.orchestration.v1 import refusals
from mopenstack.orchestration.v1.stacks.stacks_pb2 import Stack
from mopenstack.orchestration.v1.templates import templates_pb2 as pb

CODES = ("99001",)
"""What may be ignored: a service that is not there, which this validation does not ask for."""


class Templates(HeatServicer):
    service = pb.DESCRIPTOR.services_by_name["Templates"]

    async def validate_template(self, call: Call, request: pb.ValidateTemplateRequest) -> Result:
        nested = request.HasField("show_nested") and arguments.boolean("show_nested", request.show_nested)
        wish = wishes.read(request.wish, is_update=True)
        unknown = [code for code in request.ignore_errors.split(",") if code and code not in CODES]
        if unknown:
            raise refusals.BadRequest(message=f"Invalid codes in ignore_errors : {unknown}")
        assert wish.template is not None
        files = await wishes.files_of(call, wish)
        template = Template(wish.template, files)
        environment = Environment.of(wishes.merged(template, wish, files))
        plan = Plan(template, environment, Identity("dummy", "None", call.caller.project_id))
        stack = Stack(project_id=call.caller.project_id, stack_name="dummy", on_behalf=owners.noted(call))
        run = making.run_of(call, stack, plan)
        try:
            validation.check_template(plan)
            await validation.validate(plan, run.context, strict=False, template_only=True)
        except ValidationFailed as failed:
            raise refusals.BadRequest(message=failed.text) from None
        shown: dict[str, Any] = {"Description": template.description, "Parameters": parameters(plan)}
        if template.document.get("parameter_groups"):
            shown["ParameterGroups"] = template.document["parameter_groups"]
        if nested:
            found = await nested_parameters(plan, run)
            if found:
                shown["NestedParameters"] = found
        named = {one.type: one.type for one in plan.definitions.values() if one.type.endswith(TEMPLATE_ENDS)}
        environment.registry = named | environment.registry
        shown["Environment"] = environment.document()
        return pb.ValidateTemplateResponse(result=to_struct(shown))

    async def list_template_versions(self, call: Call, request: pb.ListTemplateVersionsRequest) -> Result:
        found = [
            pb.ListTemplateVersionsResponse.Version(
                version=one.name,
                type="hot" if one.is_hot else "cfn",
                aliases=[f"{one.key}.{one.alias}"] if one.alias else [],
            )
            for one in VERSIONS
        ]
        return pb.ListTemplateVersionsResponse(template_versions=found)

    async def list_template_functions(self, call: Call, request: pb.ListTemplateFunctionsRequest) -> Result:
        conditions = request.HasField("with_condition_func") and arguments.boolean(
            "with_condition_func", request.with_condition_func
        )
        key, _, version = request.template_version.partition(".")
        found = BY_NAME.get((key, version))
        if found is None:
            raise refusals.TemplateVersionNotFound(version=request.template_version)
        functions = {name: one for name, one in found.functions.items() if one is not Removed}
        if conditions:
            functions |= {name: one for name, one in found.conditions.items() if name not in functions}
        shown = [
            pb.ListTemplateFunctionsResponse.Function(functions=name, description=one.about)
            for name, one in functions.items()
        ]
        return pb.ListTemplateFunctionsResponse(template_functions=shown)


def parameters(plan: Plan) -> dict[str, Any]:
    """The parameters in the words of CloudFormation. Source: heat/engine/api.py (format_validate_parameter)."""
    return {name: _parameter(plan, one) for name, one in plan.parameters.schemata.items()}


def _parameter(plan: Plan, schema: Schema) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Type": CFN_WORDS[schema.type],
        "Description": schema.description or "",
        "NoEcho": "true" if schema.hidden else "false",
        "Label": schema.label or schema.name,
    }
    default = plan.parameters.default(schema.name)
    if default is not None:
        shown["Default"] = default
    given = plan.parameters.given.get(schema.name)
    if given:
        shown["Value"] = given
    if schema.tags:
        shown["Tags"] = list(schema.tags)
    descriptions = []
    for one in schema.constraints:
        shown |= {key: value for key, value in _constraint(one).items() if value is not None}
        if one.description:
            descriptions.append(one.description)
    if descriptions:
        shown["ConstraintDescription"] = " ".join(descriptions)
    return shown


def _constraint(one: Any) -> dict[str, Any]:
    if one.kind == "length":
        return {"MinLength": one.minimum, "MaxLength": one.maximum}
    if one.kind == "range":
        return {"MinValue": one.minimum, "MaxValue": one.maximum}
    if one.kind == "modulo":
        return {"Step": one.step, "Offset": one.offset}
    if one.kind == "allowed_values":
        return {"AllowedValues": list(one.values)}
    return {"AllowedPattern": one.pattern} if one.kind == "allowed_pattern" else {"CustomConstraint": one.name}


async def nested_parameters(plan: Plan, run: Run, depth: int = 0) -> dict[str, Any]:
    """Name of a resource -> what its nested template asks for. Source: Stack.get_nested_parameters."""
    found: dict[str, Any] = {}
    for name, kind in plan.types.items():
        if not kind.nested or depth >= 5:
            continue
        resource = await validation.provisional(plan, name, plan.properties(name, run.context))
        try:
            document, values = await kind.child_template(run.context, resource, resource.properties)
            nested = making.child_plan(plan, run, resource, document, values)
            shown = {
                "Type": plan.definitions[name].type,
                "Description": nested.template.description,
                "Parameters": parameters(nested),
            }
            inner = await nested_parameters(nested, run, depth + 1)
        except (Fault, ResourceFailure, ValidationFailed, TypeError, KeyError, AttributeError):
            continue
        found[name] = shown | ({"NestedParameters": inner} if inner else {})
    return found

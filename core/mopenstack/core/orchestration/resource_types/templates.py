"""Templates of one resource, with a parameter for each property and an output for each attribute.

Source: heat/engine/properties.py, schema_to_parameters_and_properties.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mopenstack.core.orchestration.resource_types import published

_CFN = {
    "integer": "Number",
    "number": "Number",
    "string": "String",
    "boolean": "Boolean",
    "map": "Json",
    "list": "CommaDelimitedList",
}
_HOT = {
    "integer": "number",
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "map": "json",
    "list": "comma_delimited_list",
}


def template(name: str, language: str) -> dict[str, Any]:
    """A template of a type, in the language "cfn" or "hot"; raises KeyError for a type without one."""
    line = published.published(name)
    schemas = {
        key: one for key, one in line["properties"].items() if not one.get("hidden") and not one.get("unimplemented")
    }
    shown = [(key, one.get("description")) for key, one in line["attributes"].items() if not one.get("hidden")]
    word, text = line["class"], f"Initial template of {line['class']}"
    if language == "hot":
        outputs: dict[str, Any] = {
            key: {"value": {"get_attr": [word, key]}, "description": said} for key, said in shown
        }
        outputs["OS::stack_id"] = {"value": {"get_resource": word}}
        return {
            "heat_template_version": "2016-10-14",
            "description": text,
            "parameters": {key: _hot(one) for key, one in schemas.items()},
            "outputs": outputs,
            "resources": {word: {"type": name, "properties": {key: {"get_param": key} for key in schemas}}},
        }
    outputs = {key: {"Value": {"Fn::GetAtt": [word, key]}, "Description": said} for key, said in shown}
    outputs["OS::stack_id"] = {"Value": {"Ref": word}}
    properties = {key: _cfn_property(key, one) for key, one in schemas.items()}
    return {
        "HeatTemplateFormatVersion": "2012-12-12",
        "Description": text,
        "Parameters": {key: _cfn(one) for key, one in schemas.items()},
        "Resources": {word: {"Type": name, "Properties": properties}},
        "Outputs": outputs,
    }


def _cfn_property(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"Fn::Split": [",", {"Ref": name}]} if schema["type"] == "list" else {"Ref": name}


def _cfn(schema: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"Type": _CFN[schema["type"]]}
    if schema.get("description") is not None:
        made["Description"] = schema["description"]
    if schema.get("default") is not None:
        made["Default"] = schema["default"]
    for constraint in schema.get("constraints", ()):
        for kind, low, high in (("length", "MinLength", "MaxLength"), ("range", "MinValue", "MaxValue")):
            bounds = constraint.get(kind) or {}
            made.update({low: bounds["min"]} if bounds.get("min") is not None else {})
            made.update({high: bounds["max"]} if bounds.get("max") is not None else {})
        if "allowed_values" in constraint:
            made["AllowedValues"] = constraint["allowed_values"]
        if "allowed_pattern" in constraint:
            made["AllowedPattern"] = constraint["allowed_pattern"]
    if schema["type"] == "boolean":
        made["AllowedValues"] = ["True", "true", "False", "false"]
    return made


def _hot(schema: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"type": _HOT[schema["type"]]}
    if schema.get("description") is not None:
        made["description"] = schema["description"]
    if schema.get("default") is not None:
        made["default"] = schema["default"]
    if schema.get("constraints"):
        told = ("length", "range", "allowed_values", "allowed_pattern")
        made["constraints"] = [{key: one[key] for key in told if key in one} for one in schema["constraints"]]
    return made

"""Whole definitions: what the bodies of requests hold.

Source: mistral/services/workflows.py, workbooks.py, adhoc_actions.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from mopenstack.core.workflow.language import specs, texts
from mopenstack.core.workflow.language.errors import InvalidDefinition

Values = dict[str, Any]


def _items(definition: str, make: Callable[[Values, bool], Any], check: bool) -> tuple[Any, list[Any]]:
    data = texts.read(definition)
    if check:
        specs.check_schema("LIST", data)
        if len(data) < 2:
            raise InvalidDefinition(f"At least one item must be in the list [data={data}].")
    elif not isinstance(data, dict):
        raise InvalidDefinition(f"Invalid DSL: {data!r} is not of type 'object'")
    made = []
    for name, item in data.items():
        if name == "version":
            continue
        if not isinstance(item, dict):
            raise InvalidDefinition(f"Invalid DSL: {item!r} is not of type 'object'")
        item["name"], item["version"] = name, "2.0"
        try:
            made.append(make(item, check))
        except (KeyError, TypeError, AttributeError) as wrong:  # only where nothing was checked
            raise InvalidDefinition(f"Invalid DSL: {wrong}") from None
    return data, made


def workflows(definition: str, check: bool = True) -> list[Values]:
    """The workflows of a definition, as they are kept."""
    _, made = _items(definition, specs.Workflow, check)
    alone = len(made) == 1
    whole = {} if alone else texts.read(definition)
    found = []
    for workflow in made:
        text = definition
        if not alone:
            text = texts.write({"version": whole.get("version"), workflow.name: whole[workflow.name]})
        checksum = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        found.append(_workflow(workflow, workflow.name, text) | {"checksum": checksum})
    return found


def _workflow(workflow: specs.Workflow, name: str, text: str) -> Values:
    data = workflow.data
    shown = []
    for one in data.get("input", []):
        shown += [f'{k}="{v}"' for k, v in one.items()] if isinstance(one, dict) else [one]
    return {
        "name": name,
        "definition": text,
        "tags": workflow.tags,
        "input": ", ".join(map(str, shown)),
        "interface": {"input": data.get("input", []), "output": list(data.get("output", {}))},
        "spec": data,
    }


def actions(definition: str, check: bool = True) -> list[Values]:
    """The actions of a definition, as they are kept."""
    return [_action(action, action.name, definition) for action in _items(definition, specs.Action, check)[1]]


def _action(action: specs.Action, name: str, text: str) -> Values:
    return {
        "name": name,
        "definition": text,
        "description": action.description,
        "tags": action.tags,
        "input": action.parameters(),
        "spec": action.data,
    }


def workbook(definition: str, check: bool = True) -> Values:
    """A workbook with its workflows and actions, as they are kept."""
    data = texts.read(definition)
    if check:
        specs.check_schema("WORKBOOK", data)
    elif not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise InvalidDefinition("Invalid DSL: 'name' is a required property")
    name = data["name"]
    found: Values = {"name": name, "tags": data.get("tags", []), "workflows": [], "actions": []}
    for section, make in (("actions", specs.Action), ("workflows", specs.Workflow)):
        for word, item in (data.get(section) or {}).items():
            if word == "version":
                continue
            if not isinstance(item, dict):
                raise InvalidDefinition(f"Invalid DSL: {item!r} is not of type 'object'")
            item["name"], item["version"] = word, "2.0"
            made: Any = make(item, check)
            text = texts.part_of_workbook(definition, f"{section}:", word)
            kept = _action if section == "actions" else _workflow
            found[section].append(kept(made, f"{name}.{word}", text))
    return found


def validity(kind: str, definition: str) -> Values:
    """Whether a text is a definition of a kind: workflows, workbook or actions."""
    try:
        {"workflows": workflows, "workbook": workbook, "actions": actions}[kind](definition)
    except InvalidDefinition as wrong:
        return {"valid": False, "error": wrong.text}
    return {"valid": True}

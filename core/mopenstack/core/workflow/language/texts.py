"""YAML as Mistral reads and writes it: without anchors, so that no text grows as it is read.

Source: mistral/utils/safe_yaml.py.
"""

from __future__ import annotations

from typing import Any

import yaml

from mopenstack.core.workflow.language.errors import InvalidDefinition

DEPTH_MAX = 60


class Loader(yaml.SafeLoader):
    """Anchors and aliases are plain text, and so is what begins with an at sign."""

    def fetch_alias(self) -> None:
        self.fetch_plain()

    def fetch_anchor(self) -> None:
        self.fetch_plain()

    def check_plain(self) -> bool:
        return self.peek() == "@" or bool(super().check_plain())


def read(text: str) -> Any:
    """What a definition says; an empty one is an empty object. Raises InvalidDefinition."""
    try:
        found = yaml.load(text, Loader) or {}  # noqa: S506  # a SafeLoader
    except yaml.YAMLError as wrong:
        raise InvalidDefinition(f"Definition could not be parsed: {wrong}\n") from None
    except RecursionError:
        raise InvalidDefinition("Definition could not be parsed: it is nested too deep\n") from None
    except ValueError as wrong:  # a date that is none
        raise InvalidDefinition(f"Definition could not be parsed: {wrong}\n") from None
    return plain(found)


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON has it: keys are text, dates their text. Raises InvalidDefinition for what is nested too deep."""
    if depth > DEPTH_MAX:
        raise InvalidDefinition("Definition could not be parsed: it is nested too deep\n")
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(one, depth + 1) for one in value]
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)


def write(value: Any) -> str:
    """A value as YAML, its keys in their order."""
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))


def part_of_workbook(definition: str, section: str, name: str) -> str:
    """The text of one workflow or action in that of its workbook (mistral.lang.parser._parse_def_from_wb)."""
    found, begun, indent = [], False, 0
    lines = definition[max(definition.find(section), 0) :].splitlines(keepends=True)[1:]
    for line in lines:
        stripped = line.strip()
        if not begun:
            if stripped == f"{name}:":
                begun, indent = True, line.index(f"{name}:")
                found.append(line.lstrip())
        elif not stripped:
            found.append(line)
        elif stripped.startswith("#"):
            found.append(line if indent > line.index("#") else line[indent:])
        elif indent < len(line) - len(line.lstrip()):
            found.append(line[indent:])
        else:
            break
    return "".join(found).rstrip() + "\n"

"""The refusals of a package as Python classes, made from the values of its enum `Refusal`.

The packages of this distribution have them as generated source (`mopenstack/network/v2/refusals.py`); `refusals` makes
the same classes of a package that has none.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

from google.protobuf.descriptor_pool import Default

from mopenstack.contract.faults import BASES, register
from mopenstack.contract.v1 import annotations_pb2, options_pb2


def class_name(value: str) -> str:
    """`SUBNET_IN_USE` -> `SubnetInUse`."""
    return "".join(word.capitalize() for word in value.split("_"))


def refusals(package: str) -> ModuleType:
    """A module with the class of each refusal that a package declares; raises KeyError for one without the enum."""
    name = f"{package}.refusals"
    if name in sys.modules:
        return sys.modules[name]
    if importlib.util.find_spec(name) is not None:
        return importlib.import_module(name)
    module: Any = ModuleType(name)
    for value in Default().FindEnumTypeByName(f"{package}.Refusal").values:
        rule = value.GetOptions().Extensions[options_pb2.refusal]
        if not value.number:
            continue
        code = annotations_pb2.RefusalText.Code.Name(rule.code)
        bases = tuple(getattr(module, class_name(base)) for base in rule.bases) or (BASES[code],)
        said = {"message": rule.text, "type": rule.type, "error_code": rule.error_code}
        # What a refusal does not say is as its base says it.
        facts = {"name": value.name, "domain": package, "__module__": name} | {
            key: one for key, one in said.items() if one
        }
        setattr(module, class_name(value.name), register(type(class_name(value.name), bases, facts)))
    sys.modules[name] = module
    made: ModuleType = module
    return made

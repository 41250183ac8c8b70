"""The request of an RPC out of the input of an action, and what the action returns out of the answer.

An entry of `data/openstack_actions.json` says of an action, beside what the API shows of it:

call     the RPC
path     the inputs that the variables of its address are, in their order
body     what the envelope of the request holds: `$name` is an input, `**` all inputs that nothing else names, and
         `$name|word` an input as the client of the service writes it
beside   keys beside the envelope, written alike
filters  the query of a list, written alike
shape    `object` without its envelope, `answer` with it, `list`, `find` and `findall` by attributes, `none`
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from google.api import annotations_pb2 as http_annotations
from google.protobuf import descriptor_pool
from google.protobuf.message import Message

from mopenstack.contract.calls import Outcome, Page
from mopenstack.contract.operations import QUERY
from mopenstack.contract.v1 import common_pb2
from mopenstack.core.engine.documents import document, fill_request, unknown_keys, unwrapped

Record = dict[str, Any]
_ABSENT = object()
_OTHERS = "**"
REGION = "action_region"


@cache
def _variables(operation: str) -> tuple[str, ...]:
    """The variables of an RPC's address, in order."""
    rule = descriptor_pool.Default().FindMethodByName(operation).GetOptions().Extensions[http_annotations.http]
    return tuple(_VARIABLE.findall(next(getattr(rule, verb) for verb in _VERBS if getattr(rule, verb))))


_VARIABLE = re.compile(r"\{(\w+)")
_VERBS = ("get", "put", "post", "delete", "patch")


def fill(request: Message, kept: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Fill the request of an action with what it was given; raises ValueError for what the RPC does not take."""
    named = {name for part in _PARTS for name in _names(kept.get(part))} | {REGION}
    others = {key: value for key, value in given.items() if key not in named}
    body = _filled(kept.get("body") or {}, given, others)
    if not isinstance(body, Mapping):
        raise ValueError(f"'{body}' is not of type 'object'")
    beside = _filled(kept.get("beside") or {}, given, others)
    path = {
        name: str(given.get(key)) for name, key in zip(_variables(kept["call"]), kept.get("path") or (), strict=True)
    }
    body = _opened(body, kept)
    if unknown := unknown_keys(request, body):
        raise ValueError(f"Unrecognized attribute(s) '{', '.join(unknown)}'")
    fill_request(request, body, path, beside)
    query = next((field.name for field in request.DESCRIPTOR.fields if _is_query(field)), "")
    for key, value in _filled(kept.get("filters") or {}, given, others).items():
        values = [str(one) for one in value] if isinstance(value, list) else [str(value)]
        getattr(request, query).filters.append(common_pb2.Query.Filter(key=key, values=values))


_PARTS = ("body", "beside", "filters")


def _names(template: Any) -> set[str]:
    if isinstance(template, str) and template.startswith("$"):
        return {template[1:].partition("|")[0]}
    if isinstance(template, Mapping):
        return {name for value in template.values() for name in _names(value)}
    return set()


def _opened(body: Mapping[str, Any], kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the envelope holds of a body that has the envelope itself, as Neutron's client takes it."""
    if kept.get("shape") != "answer" or len(body) != 1:
        return body
    inner = next(iter(body.values()))
    return inner if isinstance(inner, Mapping) else body


def _is_query(field: Any) -> bool:
    return field.message_type is not None and field.message_type.full_name == QUERY


def _filled(template: Any, given: Mapping[str, Any], others: Mapping[str, Any]) -> Any:
    if isinstance(template, str) and template.startswith("$"):
        name, _, word = template[1:].partition("|")
        found = given.get(name)
        if found is None:
            return _ABSENT
        return _WORDS[word](found) if word else found
    if not isinstance(template, Mapping):
        return template
    made = {key: _filled(value, given, others) for key, value in template.items() if key != _OTHERS}
    made = {key: value for key, value in made.items() if value is not _ABSENT}
    return {**made, **others} if _OTHERS in template else made


# -- how novaclient writes what it is given


def _networks(nics: Any) -> Any:
    if isinstance(nics, str):
        return nics
    keys = {"net-id": "uuid", "v4-fixed-ip": "fixed_ip", "v6-fixed-ip": "fixed_ip", "port-id": "port", "tag": "tag"}
    return [{keys[key]: value for key, value in nic.items() if key in keys and value} for nic in nics]


def _text_of(data: Any) -> str:
    return base64.b64encode(str(data).encode()).decode()


_WORDS: Mapping[str, Callable[[Any], Any]] = {
    "networks": _networks,
    "base64": _text_of,
    "names": lambda names: [{"name": name} for name in names],
    "flag": lambda value: {} if value else _ABSENT,
}


# -- what an action returns


def result_of(kept: Mapping[str, Any], answer: Any, given: Mapping[str, Any], audience: str = "") -> Any:
    """What an action returns to callers of an audience; raises ValueError where `find` does not find one object."""
    shape = kept["shape"]
    if shape == "none":
        return None
    answer = answer.result if isinstance(answer, Outcome) else answer
    if shape not in ("list", "find", "findall"):
        if isinstance(answer, Page):
            return {kept["key"]: _listed(answer, audience)}
        if not isinstance(answer, Message):
            return None
        shown = unwrapped(answer, audience=audience)
        return {kept["key"]: shown} if shape == "answer" and kept.get("key") else shown
    items = _listed(answer, audience)
    if shape == "list":
        return items
    wanted = {key: value for key, value in given.items() if key != REGION}
    left = [one for one in items if all(one.get(key, _ABSENT) == value for key, value in wanted.items())]
    if shape == "findall":
        return left
    if not left:
        raise ValueError(f"No {kept['noun']} matching {wanted}. (HTTP 404)")
    if len(left) > 1:
        raise ValueError("")
    return left[0]


def _listed(answer: Any, audience: str) -> list[Any]:
    if isinstance(answer, Page):
        return [document(one, audience=audience) for one in answer.items]
    found = next(field for field in answer.DESCRIPTOR.fields if field.is_repeated)
    return [document(one, audience=audience) for one in getattr(answer, found.name)]

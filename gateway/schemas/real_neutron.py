"""Neutron's preparation of request bodies, with the attributes of the definitions that DevStack serves."""

from __future__ import annotations

import copy
import csv
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import webob.exc
from neutron.api.v2.base import Controller
from neutron_lib import context, exceptions
from neutron_lib.api import definitions
from oslo_config import cfg
from real_services import ANY_ID, PROJECT, Request, Service

NOT_SERVED = Path(__file__).parents[2] / "tests" / "golden" / "neutron-lib-not-served.tsv"
DOCUMENTED = Path(__file__).parents[1] / "mopenstack" / "gateway" / "documented" / "network.tsv"
CORE = ("network", "subnet", "port", "subnetpool")
OWN_WAYS = ("agents", "metering_label_rules")
"""What is below these has controllers that read their bodies themselves, or is declared below itself."""
TEXTS = (
    "a", ANY_ID, "10.0.0.1", "10.0.0.0/24", "00:11:22:33:44:55", "tcp", "ingress", "IPv4", "1", "vxlan", "fixed",
    "allow", "bgp-speaker", "network", "access_as_shared", "ovs", "flow", "1:2", "aes-128", "3des", "sha1", "main",
    "v1", "dst", "IN", "both", "l3", "secret", "cidr", "subnet", "router", "all", "ACCEPT", "*", "dnsname.",
)  # fmt: skip
VALUES: tuple[tuple[str, Any], ...] = (
    ("null", None), ("empty", ""), ("empty", []), ("empty", {}),
    ("wrong type", 987), ("wrong type", 1.5), ("wrong type", True), ("wrong type", "wrong!"), ("wrong type", ["a"]),
    ("wrong type", {"unexpected": "a"}), ("nested wrong type", [{"unexpected": "a"}]), ("nested wrong type", [987]),
    ("nested wrong type", [None]), ("nested wrong type", [["a"]]), ("bad pattern", " a "),
    ("bad pattern", "10.0.0.0/33"), ("bad pattern", "10.0.0.1/24"), ("bad pattern", "00:11:22:33:44:zz"),
    ("bad pattern", "a" * 36),
    ("bad enumeration", "unheard-of"), ("out of range", -1), ("out of range", -2), ("out of range", 0),
    ("out of range", 10**12), ("out of range", "-1"), ("out of range", 65536), ("out of range", 4097),
    ("too long", "a" * 256), ("too long", "a" * 1025), ("too long", "a" * 4097),
    ("duplicate", ["a", "a"]), ("duplicate", [ANY_ID, ANY_ID]), ("duplicate", ["10.0.0.1", "10.0.0.1"]),
)  # fmt: skip


RIGHT: tuple[Any, ...] = (*TEXTS, 1, 4, 10, True, [], {}, ["10.0.0.0/24"], [ANY_ID], ["1:2"])
"""Of which one is right for nearly every attribute."""


def resources() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, member, attributes) of every collection that is served."""
    with NOT_SERVED.open(encoding="utf-8") as lines:
        unserved = {row["definition"] for row in csv.DictReader(lines, delimiter="\t")}
    modules = {}
    for item in pkgutil.iter_modules(definitions.__path__):
        module = importlib.import_module(f"{definitions.__name__}.{item.name}")
        if not item.name.startswith("_") and hasattr(module, "ALIAS") and module.ALIAS not in unserved:
            modules[module.ALIAS] = module
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    parents: dict[str, str] = {}
    done: set[str] = set()

    def add(alias: str) -> None:
        if alias in done or alias not in modules:
            return
        done.add(alias)
        module = modules[alias]
        for other in module.REQUIRED_EXTENSIONS or ():
            add(other)
        prefix = "/v2.0" + (getattr(module, "API_PREFIX", "") or "")
        for collection, attributes in (module.RESOURCE_ATTRIBUTE_MAP or {}).items():
            place: tuple[str, dict[str, Any]] = (f"{prefix}/{collection}", {})
            found.setdefault(collection, place)[1].update(attributes)
        for collection, declared in (module.SUB_RESOURCE_ATTRIBUTE_MAP or {}).items():
            parent = declared.get("parent", {}).get("collection_name") or parents.get(collection, "")
            if parent in OWN_WAYS or not parent:
                continue
            parents[collection] = parent
            above = found[parent][0] if parent in found else f"{prefix}/{parent}"
            place = (f"{above}/{{id}}/{collection}", {})
            found.setdefault(f"{parent}/{collection}", place)[1].update(declared.get("parameters", {}))

    for alias in (*CORE, *sorted(modules)):
        add(alias)
    documented = _documented()
    for collection, (path, attributes) in sorted(found.items()):
        spelled = path.replace("-", "_")
        update = documented.get(f"PUT {spelled}/{{id}}", "")
        found_at = documented.get(f"POST {spelled}") or update.removesuffix("/{id}")
        if found_at:
            yield found_at, _member(collection.rpartition("/")[2]), attributes


def _documented() -> dict[str, str]:
    """Paths of collections as the API reference spells them, by verb and path with underscores."""
    with DOCUMENTED.open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter="\t")
        paths = {(row["verb"], re.sub(r"\{[^}]*\}", "{id}", row["path"])) for row in rows}
    return {f"{verb} {path.replace('-', '_')}": path for verb, path in sorted(paths)}


def _member(collection: str) -> str:
    name = collection.replace("-", "_")
    return name[:-3] + "y" if name.endswith("ies") else name.removesuffix("s")


def published() -> dict[str, Any]:
    """Path -> member, and of each attribute what Neutron wants of it, as JSON."""
    return {path: {"member": member, "attributes": _attributes(named)} for path, member, named in resources()}


def _attributes(named: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {
            **{word: True for word in ("allow_post", "allow_put") if facts.get(word)},
            **({"default": facts["default"] is not None} if "default" in facts else {}),
            **({"validate": _plain(facts["validate"])} if "validate" in facts else {}),
            **({"convert_to": _name(facts["convert_to"])} if "convert_to" in facts else {}),
            **({"populate": True} if facts.get("dict_populate_defaults") else {}),
        }
        for name, facts in named.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return _name(value) if callable(value) else value


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", "") or getattr(getattr(function, "func", None), "__name__", ""))


def prepare(member: str, attributes: dict[str, Any], body: Any, create: bool) -> str:
    """What Neutron says of a body; empty for one that it takes."""
    caller = context.Context("u", PROJECT, is_admin=True, roles=["admin", "member", "reader"])
    try:
        Controller.prepare_request_body(caller, copy.deepcopy(body), create, member, copy.copy(attributes), create)
    except (webob.exc.HTTPBadRequest, exceptions.NeutronException) as refused:
        return str(refused)
    except Exception:  # a validator that falls over: the service answers 500
        return "500"
    return ""


def service() -> Service:
    """Neutron has no schemas to hold anything against: `asked` is all there is."""
    cfg.CONF([], project="neutron", default_config_files=[])
    return Service("network", "network", 0, lambda *_: (500, None), lambda: iter(()), lambda *_: True)


def asked() -> Iterator[tuple[Request, int, list[Any]]]:
    """What Neutron refuses before it looks at anything; of refusals of an attribute that read alike, two."""
    documented = _documented()
    for path, member, attributes in resources():
        least = _least(member, attributes)
        for create in (True, False):
            verb, where, whole = ("POST", path, least) if create else ("PUT", f"{path}/{{id}}", {})
            if f"{verb} {where.replace('-', '_')}" not in documented:
                continue
            alike: Counter[str] = Counter()
            for kind, value, body in _bodies(member, attributes, whole, create):
                text = prepare(member, attributes, body, create)
                shape = kind + text.replace(str(value), "")
                if not text or text == "500" or alike[shape] == 2:
                    continue
                alike[shape] += 1
                yield Request(verb, where, "", 0, 0, False, {}), 0, [kind, body, 400, text]


def _bodies(
    member: str, attributes: dict[str, Any], whole: dict[str, Any], create: bool
) -> Iterator[tuple[str, Any, Any]]:
    for kind, value in VALUES[:7]:
        if not isinstance(value, dict):
            yield kind, value, {member: value}
    yield "unknown key", "", {member: {**whole, "unexpected": "a"}}
    yield "unknown key", "", {member: {**whole, "": "a"}}
    for name, facts in attributes.items():
        if create and name in whole:
            yield "missing", "", {member: {other: value for other, value in whole.items() if other != name}}
        if name in ("tenant_id",):
            continue  # means the same as project_id
        if not facts.get("allow_post" if create else "allow_put"):
            yield "unknown key", "", {member: {**whole, name: "a"}}
            continue
        for kind, value in VALUES:
            yield kind, value, {member: {**whole, name: value}}


def _least(member: str, attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that a create must give, each with a value that is taken."""
    needed = [name for name, facts in attributes.items() if facts.get("allow_post") and "default" not in facts]
    found: dict[str, Any] = {}
    for name in needed:
        if name in ("tenant_id", "project_id"):
            continue
        for value in RIGHT:
            only = {name: attributes[name]}
            if not prepare(member, only, {member: {name: value}}, True):
                found[name] = value
                break
    return found

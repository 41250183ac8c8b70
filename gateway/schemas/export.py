"""Exports the response schemas that the services publish: `make schemas`.

Runs in an environment of its own with the packages of `requirements.txt` beside it, and writes
gateway/mopenstack/gateway/answers/schemas.json:

    {"sources": ["nova 34.0.0", ...], "parts": {"0": {...}, ...},
     "answers": [[service, verb, path, action, since, until, source, schema], ...]}

`path` has its variables blanked, `since` and `until` are the numbers after the dot of a microversion, `schema` is a
JSON Schema or null for an answer without a body. A sub-schema that occurs more than once is a part, for
which `{"$ref": "#/$defs/0"}` stands.
"""

from __future__ import annotations

import collections
import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OUTPUT = Path(__file__).parents[1] / "mopenstack" / "gateway" / "answers" / "schemas.json"
PART_AT_LEAST = 120
"""Characters that a sub-schema must have to be worth a name."""
LATEST = 1_000_000

Answer = tuple[str, str, str, str, int, int, Any]


def blank(path: str) -> str:
    """A path template without the names of its variables."""
    return re.sub(r"\{[^}]*\}|<[^>]*>", "{}", path).rstrip("/") or "/"


def nova() -> Iterator[Answer]:
    """Nova binds a schema to each method of a controller; actions hang on `wsgi_actions`."""
    from nova.api.openstack.compute import routes

    for path, methods in routes.ROUTE_LIST:
        if isinstance(methods, str):
            continue  # a redirect
        for verb, (factory, name) in methods.items():
            main, extras = factory.args
            template = "/v2.1" + path
            if name != "action":
                yield from _nova(verb, template, "", getattr(main, name))
                continue
            for controller in (main, *extras):
                for action, method in (controller.wsgi_actions or {}).items():
                    yield from _nova(verb, template, action, getattr(controller, method))


def _nova(verb: str, path: str, action: str, method: Any) -> Iterator[Answer]:
    # The outermost versions of a method are kept with it, and each has schemas of its own.
    for schema, lowest, highest in getattr(method, "response_body_schemas", _NONE)._schemas:
        since = lowest.ver_minor if lowest else 0
        until = highest.ver_minor if highest and not highest.is_null() else LATEST
        yield "compute", verb, blank(path), action, since, int(min(until, LATEST)), schema or None


class _NONE:  # stands for an absent object
    _schemas: list[Any] = []  # noqa: RUF012


def keystone() -> Iterator[Answer]:
    """Keystone's resources are Flask views whose methods carry `_response_body_schema`."""
    import flask
    from keystone.server.flask import application

    app = flask.Flask("export")
    for api in application.__apis__:
        for blueprint in api.APIs:
            blueprint.instantiate_and_register_to_app(app)
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        cls = getattr(view, "view_class", None)
        for verb in sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} & set(rule.methods or ())):
            method = getattr(cls, verb.lower(), None)
            if method is not None and hasattr(method, "_response_body_schema"):
                yield "identity", verb, blank(rule.rule), "", 0, LATEST, method._response_body_schema


class _Seen(Exception):  # ends a call of Tempest's client
    pass


def cinder() -> Iterator[Answer]:
    """Cinder publishes none: Tempest's clients name the schema of every answer. Each method is called to see which."""
    from tempest.lib.services import volume
    from tempest.lib.services.volume import base_client

    # Microversions at which any client changes its schema.
    for module in pkgutil.iter_modules(volume.v3.__path__):
        loaded = importlib.import_module(f"tempest.lib.services.volume.v3.{module.name}")
        for _, cls in inspect.getmembers(loaded, inspect.isclass):
            if cls.__module__ != loaded.__name__ or not issubclass(cls, base_client.BaseClient):
                continue
            versions = getattr(cls, "schema_versions_info", None) or [{"min": None, "max": None}]
            for version in versions:
                since = int((version["min"] or "3.0").split(".")[1])
                until = int(version["max"].split(".")[1]) if version["max"] else LATEST
                base_client.VOLUME_MICROVERSION = version["min"] or "3.0"
                yield from _tempest(cls, since, until)


def _sender(verb: str) -> Any:
    return lambda self, url, body=None, *_, **__: self._send(verb, url, body)


def _tempest(cls: Any, since: int, until: int) -> Iterator[Answer]:
    sent: list[tuple[str, str, str]] = []
    schemas: list[Any] = []

    class Client(cls):  # type: ignore[misc]
        def __init__(self) -> None:
            pass

        def _send(self, verb: str, url: str, body: Any = None) -> Any:
            document = json.loads(body) if isinstance(body, str) and body else {}
            action = next(iter(document), "") if url.endswith("/action") else ""
            sent.append((verb, url.partition("?")[0], action))
            return {"status": "200"}, "{}"

        def validate_response(self, schema: Any, resp: Any, body: Any) -> None:
            schemas.append(schema)
            raise _Seen

    for verb in ("get", "post", "put", "delete", "patch"):
        setattr(Client, verb, _sender(verb.upper()))
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        if name.startswith("_") or name not in vars(cls):
            continue
        required = list(inspect.signature(method).parameters.values())[1:]
        arguments = ["VAR" for one in required if one.default is one.empty and one.kind == one.POSITIONAL_OR_KEYWORD]
        for extra in ({}, {"detail": True}) if any(one.name == "detail" for one in required) else ({},):
            sent.clear()
            schemas.clear()
            try:
                getattr(Client(), name)(*arguments, **extra)
            except _Seen:
                verb, url, action = sent[-1]
                path = blank("/v3/" + re.sub(r"\bVAR\b", "{}", url).lstrip("/"))
                yield "volumev3", verb, path, action, since, until, schemas[-1].get("response_body")
            except Exception as error:  # a method that needs more than dummies
                print(f"  not seen: {cls.__name__}.{name}: {error!r}", file=sys.stderr)


def glance() -> Iterator[Answer]:
    """Glance makes its schemas at run time, and serves them at /v2/schemas."""
    from glance.api.v2 import (
        image_members,
        images,
        metadef_namespaces,
        metadef_objects,
        metadef_properties,
        metadef_resource_types,
        metadef_tags,
        tasks,
    )

    def row(verb: str, path: str, schema: Any) -> Answer:
        return "image", verb, path, "", 0, LATEST, schema.raw()

    image, one = images.get_schema(), "/v2/images/{}"
    yield row("GET", "/v2/images", images.get_collection_schema())
    for verb, path in (("POST", "/v2/images"), ("GET", one), ("PATCH", one)):
        yield row(verb, path, image)
    member = image_members.get_schema()
    yield row("GET", f"{one}/members", image_members.get_collection_schema())
    for verb, path in (("POST", f"{one}/members"), ("GET", f"{one}/members/{{}}"), ("PUT", f"{one}/members/{{}}")):
        yield row(verb, path, member)
    yield row("GET", "/v2/tasks", tasks.get_collection_schema())
    yield row("GET", "/v2/tasks/{}", tasks.get_task_schema())
    spaces = "/v2/metadefs/namespaces"
    yield row("GET", spaces, metadef_namespaces.get_collection_schema())
    for verb, path in (("POST", spaces), ("GET", f"{spaces}/{{}}"), ("PUT", f"{spaces}/{{}}")):
        yield row(verb, path, metadef_namespaces.get_schema())
    for word, module in (("objects", metadef_objects), ("properties", metadef_properties), ("tags", metadef_tags)):
        collection = f"{spaces}/{{}}/{word}"
        yield row("GET", collection, module.get_collection_schema())
        for verb, path in (("GET", f"{collection}/{{}}"), ("PUT", f"{collection}/{{}}")):
            yield row(verb, path, module.get_schema())
    yield row("GET", f"{spaces}/{{}}/resource_types", metadef_resource_types.get_collection_schema())


class Parts:
    """Sub-schemas that occur more than once, each kept once; `ordered`: the order of keys makes a difference."""

    def __init__(self, ordered: bool = False) -> None:
        self._sorted = not ordered
        self._count: collections.Counter[str] = collections.Counter()
        self._number: dict[str, int] = {}
        self.parts: dict[str, Any] = {}

    def count(self, value: Any) -> None:
        if isinstance(value, dict):
            text = json.dumps(value, sort_keys=self._sorted)
            self._count[text] += 1
            if self._count[text] > 1:
                return
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self.count(one)

    def fold(self, value: Any, schema: bool = True) -> Any:
        """The value with its repeated sub-schemas replaced; `schema`: whether it stands where a schema may."""
        if isinstance(value, list):
            return [self.fold(one, schema) for one in value]
        if not isinstance(value, dict):
            return value
        text = json.dumps(value, sort_keys=self._sorted)
        folded = {key: self.fold(one, _holds_schemas(key, schema)) for key, one in value.items()}
        # What brings definitions of its own is a root: references are looked up from there.
        if not schema or self._count[text] < 2 or len(text) < PART_AT_LEAST or "definitions" in value:
            return folded
        if text not in self._number:
            self._number[text] = len(self._number)
            self.parts[str(self._number[text])] = folded
        return {"$ref": f"#/$defs/{self._number[text]}"}


def _holds_schemas(key: str, in_schema: bool) -> bool:
    """Whether what stands under a key is a schema (or a list of them), and no map of them or a plain value."""
    if not in_schema:
        return True  # the values of `properties` are schemas
    return key in {"items", "additionalProperties", "oneOf", "anyOf", "allOf", "not", "prefixItems", "contains"}


def plain(schema: Any) -> Any:
    """Without prose, which no check needs; tuples and sets as lists."""
    if isinstance(schema, dict):
        return {
            key: plain(one)
            for key, one in schema.items()
            if not (key in ("description", "title", "$schema", "name", "links") and not isinstance(one, dict))
        }
    if isinstance(schema, list | tuple | set | frozenset):
        return [plain(one) for one in schema]
    return schema


def main() -> None:
    readers = {"nova": nova, "keystone": keystone, "tempest": cinder, "glance": glance}
    sources, answers, parts = [], [], Parts()
    for package, read in readers.items():
        sources.append(f"{package} {importlib.metadata.version(package)}")
        found: dict[tuple[Any, ...], Any] = {}
        for *row, schema in read():
            found[tuple(row)] = plain(schema)
        print(f"{sources[-1]}: {len(found)} answers", file=sys.stderr)
        answers += [[*row, len(sources) - 1, schema] for row, schema in sorted(found.items(), key=lambda one: one[0])]
    for row in answers:
        parts.count(row[-1])
    folded = [[*row[:-1], parts.fold(row[-1])] for row in answers]
    OUTPUT.parent.mkdir(exist_ok=True)
    lines = ['{"sources": ' + json.dumps(sources) + ', "parts": {']
    lines += [",\n".join(f'"{key}": {json.dumps(part, sort_keys=True)}' for key, part in parts.parts.items())]
    lines += ['}, "answers": [', ",\n".join(json.dumps(row, sort_keys=True) for row in folded), "]}"]
    OUTPUT.write_text("\n".join(lines) + "\n")
    print(f"{OUTPUT.name}: {len(folded)} answers, {len(parts.parts)} parts, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""A whole HTTP request as an operation's request message: path variables, headers, query and body."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from mopenstack.contract.descriptors import AnyField
from mopenstack.contract.octets import as_text
from mopenstack.contract.operations import FIELD_MASK, LATEST, QUERY, exists, field_rules, is_map, wire_key
from mopenstack.contract.v1 import annotations_pb2
from mopenstack.gateway.codec.decode import Set, View, decoder, is_foreign, value_reader


class RequestDecoder:
    """Fills an operation's request from body, path, query and headers.

    `elsewhere` are the variables of the operation's other paths: what one path names, none takes from query or body.
    """

    def __init__(
        self,
        request: type[Message],
        path_variables: Iterable[str],
        microversion: int,
        mode: str,
        action: str = "",
        elsewhere: Collection[str] = (),
    ) -> None:
        name = request.DESCRIPTOR.name
        self._request = request
        self._action = action
        self._mode = mode
        self._microversion = microversion
        self._paths: dict[str, Set] = {}
        self._query: dict[str, tuple[AnyField, Set]] = {}
        self._headers: list[tuple[str, Set]] = []
        self._prefixes: list[tuple[str, str]] = []
        self.query_field = ""
        self._mask = ""
        self._bare = False  # the body is the envelope's object
        self._envelope: tuple[str, str] | None = None
        variables = set(path_variables)
        for field in request.DESCRIPTOR.fields:
            rules = field_rules(field)
            full_name = field.message_type.full_name if field.message_type is not None else ""
            if field.name in variables:
                self._paths[field.name] = _text_setter(field)
            elif field.name in elsewhere:
                continue
            elif rules.header:
                self._headers.append((rules.header, _text_setter(field)))
            elif rules.header_prefix:
                self._prefixes.append((rules.header_prefix.lower(), field.name))
            elif full_name == QUERY:
                self.query_field = field.name
            elif full_name == FIELD_MASK:
                self._mask = field.name
            elif field.type == FieldDescriptor.TYPE_BYTES:
                continue  # streams of bytes come as bodies
            elif full_name == "" and exists(rules, microversion):
                self._query[wire_key(field)] = (field, _text_setter(field))
            if not self._envelope and field.name not in variables and full_name and not is_foreign(full_name):
                self._envelope = (field.name, wire_key(field))
                self._bare = rules.inline and not field.is_repeated and not is_map(field)

        self._plan = decoder(request.DESCRIPTOR, microversion, mode, name).without_fields({*variables, *elsewhere})

    def from_path(self, variables: Sequence[str], values: Sequence[str], headers: Any) -> Message:
        """A new request with its path variables and headers."""
        message = self._request()
        for name, text in zip(variables, values, strict=True):
            setter = self._paths.get(name)
            if setter is not None:
                setter(message, text, (name,))
        for header, setter in self._headers:
            text = headers.get(header)
            if text is not None:
                setter(message, as_text(text), (header,))
        for prefix, name in self._prefixes:
            found = getattr(message, name)
            for header, text in headers.items():
                lower = header.lower()
                if lower.startswith(prefix):
                    found[as_text(lower[len(prefix) :])] = as_text(text)
        return message

    def ignores(self, document: Any) -> bool:
        """Whether a body has keys, in the envelope or beside it, that the contract does not name."""
        if not isinstance(document, dict):
            return False
        if not all(map(self._plan.takes, document)):
            return True
        name, key = self._envelope or ("", "")
        message = self._request.DESCRIPTOR.fields_by_name[name].message_type if name else None
        inner = document.get(key)
        if message is None or not isinstance(inner, dict):
            return False
        plan = decoder(message, self._microversion, self._mode, self._request.DESCRIPTOR.name)
        return not all(map(plan.takes, inner))

    @property
    def query_keys(self) -> Collection[str]:
        """The query parameters that are fields of the request."""
        return self._query.keys()

    @property
    def needs_body(self) -> bool:
        """Whether a request without a body lacks something."""
        return self._plan.requires_keys

    def query(self, message: Message, pairs: Iterable[tuple[str, str]]) -> None:
        """Query parameters that are fields of the request; unknown ones are ignored."""
        for key, text in pairs:
            found = self._query.get(key)
            if found is not None:
                found[1](message, text, (key,))

    def body(self, message: Message, document: Any) -> None:
        """The JSON body, envelope and siblings; fills the mask from the envelope's keys."""
        plan = self._plan
        if self._action and not plan.takes(self._action):
            return  # the action's value says nothing
        if self._mask and self._envelope and (self._bare or isinstance(document, dict)):
            name, key = self._envelope
            inner = document if self._bare else document.get(key)
            if self._bare or isinstance(inner, dict):
                descriptor = self._request.DESCRIPTOR.fields_by_name[name].message_type
                assert descriptor is not None
                given: list[str] = []
                envelope = getattr(message, name)
                envelope.SetInParent()
                decoder(descriptor, self._microversion, self._mode, self._request.DESCRIPTOR.name).decode(
                    inner, envelope, () if self._bare else (key,), given
                )
                getattr(message, self._mask).paths.extend(dict.fromkeys(given))
                rest = {} if self._bare else {other: value for other, value in document.items() if other != key}
                if rest:
                    plan.without(key).decode(rest, message, ())
                return
        plan.decode(document, message, ())
        if self._mask and not self._envelope and isinstance(document, dict):
            names = plan.names(document)
            getattr(message, self._mask).paths.extend(names)


def _text_setter(field: AnyField) -> Set:
    """For path variables, query parameters and headers: text is converted, lists collect repetitions."""
    name = field.name
    if field.message_type is not None:
        return lambda message, value, path: None
    if field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
        return lambda message, value, path: setattr(message, name, value)  # text as it came
    read = value_reader(field, annotations_pb2.Field(lenient=True), View(LATEST, "other"))
    if field.is_repeated:
        return lambda message, value, path: getattr(message, name).append(read(value, path))
    return lambda message, value, path: setattr(message, name, read(value, path))

"""The files of a contract with the comments that stand in them, for OpenAPI and gRPC reflection.

Generated modules hold no comments. `proto/generate.py` writes them beside the modules as `descriptors.binpb`, one
FileDescriptorSet a package; a package that was installed as source is compiled anew. Nothing is read before the first
question, so that a start costs nothing.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2

GENERATED = "descriptors.binpb"
"""Name of a package's FileDescriptorSet, beside its modules."""

_FILE: Mapping[int, str] = {4: "message_type", 5: "enum_type", 6: "service", 7: "extension"}
_MESSAGE: Mapping[int, str] = {2: "field", 3: "nested_type", 4: "enum_type", 6: "extension", 8: "oneof_decl"}
_CHILDREN: Mapping[type[Any], Mapping[int, str]] = {
    descriptor_pb2.FileDescriptorProto: _FILE,
    descriptor_pb2.DescriptorProto: _MESSAGE,
    descriptor_pb2.EnumDescriptorProto: {2: "value"},
    descriptor_pb2.ServiceDescriptorProto: {2: "method"},
}
"""Descriptor -> field number -> field, of those that hold named descriptors (descriptor.proto)."""


class Sources:
    """The files of some packages and all that they import, and the comments of what they declare."""

    def __init__(self, packages: Iterable[str], files: Iterable[Any]) -> None:
        self._packages = tuple(packages)
        self._roots = tuple(files)

    @cached_property
    def files(self) -> Mapping[str, descriptor_pb2.FileDescriptorProto]:
        """Name -> file, each behind those that it imports; comments are those of `packages`."""
        loaded: dict[str, Any] = {}
        for file in self._roots:
            _add(file, loaded)
        described = {file.name: file for package in self._packages for file in _generated(package)}
        of_packages = {file.name for file in self._roots}
        described |= {file.name: file for file in _compiled(of_packages - described.keys())}
        return {name: described.get(name) or _plain(file) for name, file in loaded.items()}

    @cached_property
    def comments(self) -> Mapping[str, str]:
        """Full name -> comment, of everything that has one; an enum's value is `<enum>.<value>`."""
        found = {}
        for file in self.files.values():
            for location in file.source_code_info.location:
                text = _text(location)
                name = _name(file, location.path) if text else ""
                if name:
                    found[name] = text
        return found

    def comment(self, name: str) -> str:
        """The comment of a message, field, enum, service or RPC by its full name; empty where it has none."""
        return self.comments.get(name, "")


def _add(file: Any, found: dict[str, Any]) -> None:
    for imported in file.dependencies:
        if imported.name not in found:
            _add(imported, found)
    found.setdefault(file.name, file)


def _plain(file: Any) -> descriptor_pb2.FileDescriptorProto:
    return descriptor_pb2.FileDescriptorProto.FromString(file.serialized_pb)


def _generated(package: str) -> Iterator[descriptor_pb2.FileDescriptorProto]:
    for folder in importlib.import_module(package).__path__:
        path = Path(folder, GENERATED)
        if path.is_file():
            yield from descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file


def _compiled(names: Iterable[str]) -> Iterable[descriptor_pb2.FileDescriptorProto]:
    """Files that grpcio-tools compiled when they were imported; it finds them again, in the same folders."""
    wanted = sorted(names)
    if not wanted or "grpc_tools.protoc" not in sys.modules:
        return ()
    protoc = sys.modules["grpc_tools.protoc"]
    includes = [f"-I{folder}" for folder in sys.path if Path(folder).is_dir()]
    includes.append(f"-I{Path(str(protoc.__file__)).parent / '_proto'}")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, GENERATED)
        arguments = ["protoc", *includes, "--include_source_info", f"--descriptor_set_out={out}", *wanted]
        if protoc.main(arguments) != 0:
            return ()
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file


def _text(location: descriptor_pb2.SourceCodeInfo.Location) -> str:
    """The comment before a declaration and the one behind it, as paragraphs; lines without their first space."""
    parts = (location.leading_comments, location.trailing_comments)
    kept = ["\n".join(line.strip() for line in part.strip().splitlines()) for part in parts]
    return "\n\n".join(filter(None, kept))


def _name(file: descriptor_pb2.FileDescriptorProto, path: Iterable[int]) -> str:
    """The full name of what a path of source info leads to; empty for what has no name."""
    names, here = [file.package], file
    steps = iter(path)
    for number in steps:
        field = _CHILDREN.get(type(here), {}).get(number)
        place = next(steps, None)
        if field is None or place is None:
            return ""
        here = getattr(here, field)[place]
        names.append(here.name)
    return ".".join(filter(None, names)) if here is not file else ""

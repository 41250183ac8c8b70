"""The files of the contract: all is explained, protoc has nothing to say, and names follow from folders."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import google.api
import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc

PROTO = Path(__file__).parents[2] / "proto"
COMMENT_LENGTH_MIN = 10
# Numbers of the fields of descriptor.proto, of which the paths of a source location consist.
MESSAGES, SERVICES, METHODS, NESTED = 4, 6, 2, 3

Place = tuple[int, ...]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[descriptor_pb2.FileDescriptorProto]:
    """Every file of the contract with its comments."""
    out = tmp_path_factory.mktemp("contract") / "all.binpb"
    sources = sorted(str(path) for path in (PROTO / "mopenstack").rglob("*.proto"))
    includes = [PROTO, Path(next(iter(google.api.__path__))).parents[1], Path(protoc.__file__).parent / "_proto"]
    options = [*(f"-I{folder}" for folder in includes), "--include_source_info", f"--descriptor_set_out={out}"]
    assert protoc.main(["protoc", *options, *sources]) == 0
    return list(descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file)


def _messages(message: Any, place: Place, name: str) -> Iterator[tuple[Place, str]]:
    yield place, f"message {name}"
    for number, inner in enumerate(message.nested_type):
        if not inner.options.map_entry:
            yield from _messages(inner, (*place, NESTED, number), f"{name}.{inner.name}")


def _commented(file: Any) -> Iterator[tuple[Place, str]]:
    """(place, name) of all that wants a comment."""
    for number, message in enumerate(file.message_type):
        yield from _messages(message, (MESSAGES, number), message.name)
    for number, service in enumerate(file.service):
        yield (SERVICES, number), f"service {service.name}"
        for place, method in enumerate(service.method):
            yield (SERVICES, number, METHODS, place), f"rpc {service.name}.{method.name}"


def test_everything_has_a_comment(files: list[descriptor_pb2.FileDescriptorProto]) -> None:
    """Each service, RPC and message says above it what it is: clients in any language read it."""
    missing = []
    for file in files:
        found = {tuple(one.path): one for one in file.source_code_info.location}
        for place, name in _commented(file):
            if len(found[place].leading_comments.strip()) < COMMENT_LENGTH_MIN:
                missing.append(f"proto/{file.name}:{found[place].span[0] + 1}: {name}")
    assert not missing, "no comment above:\n" + "\n".join(missing)


def test_package_follows_from_folder(files: list[descriptor_pb2.FileDescriptorProto]) -> None:
    """`mopenstack/network/v2/core/x.proto` is in the package mopenstack.network.v2, in Go too."""
    wrong = []
    for file in files:
        parts = file.name.split("/")
        if parts[-1] == "options.proto":  # its package is the one above those that use it
            continue
        package, go = ".".join(parts[:3]), f"mopenstack.dev/go/{parts[1]}/{parts[2]};{parts[1]}{parts[2]}"
        if (file.package, file.options.go_package) != (package, go):
            wrong.append(f"{file.name}: {file.package}, {file.options.go_package}")
    assert not wrong, "\n".join(wrong)


def test_generating_has_nothing_to_say(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither an error nor a warning (an unused import, a name that clashes in JSON)."""
    (tmp_path / "gen").mkdir()
    count = runpy.run_path(str(PROTO / "generate.py"))["generate"](tmp_path / "gen")
    assert count == len(list((PROTO / "mopenstack").rglob("*.proto")))
    said = [line for text in capfd.readouterr() for line in text.splitlines() if ".proto" in line or "arning" in line]
    assert said == []

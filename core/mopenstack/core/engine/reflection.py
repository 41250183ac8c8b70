"""gRPC server reflection (grpc.reflection.v1alpha) of a contract, comments included.

The servicer of grpcio-reflection answers from a descriptor pool, which forgets comments, and from every file that the
process has loaded; this one has the files of the contract and what they import, read at the first question.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from functools import cached_property
from typing import Any

import grpc
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2 as pb
from grpc_reflection.v1alpha import reflection_pb2_grpc

from mopenstack.contract.contract import Contract

SERVICES = (
    health_pb2.DESCRIPTOR.services_by_name["Health"].full_name,
    pb.DESCRIPTOR.services_by_name["ServerReflection"].full_name,
)
"""What every server has beside the contract."""


class Reflection(reflection_pb2_grpc.ServerReflectionServicer):  # type: ignore[misc]  # it has no types
    """Answers for the services of a contract, and for SERVICES."""

    def __init__(self, contract: Contract) -> None:
        self._services = sorted({*(name.rpartition(".")[0] for name in contract.names), *SERVICES})
        self._contract = contract

    async def ServerReflectionInfo(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        """One answer a request, in their order."""
        async for request in requests:
            if request.WhichOneof("message_request") != "list_services":
                await self._contract.ready()
            answer = pb.ServerReflectionResponse(valid_host=request.host, original_request=request)
            self._answer(request, answer)
            yield answer

    def _answer(self, request: Any, answer: Any) -> None:
        asked = request.WhichOneof("message_request")
        try:
            if asked == "list_services":
                answer.list_services_response.service.extend(pb.ServiceResponse(name=name) for name in self._services)
            elif asked == "file_by_filename":
                self._add_file(request.file_by_filename, answer)
            elif asked == "file_containing_symbol":
                self._add_file(self._index.symbols[request.file_containing_symbol], answer)
            elif asked == "file_containing_extension":
                wanted = request.file_containing_extension
                self._add_file(self._index.extensions[wanted.containing_type][wanted.extension_number], answer)
            elif asked == "all_extension_numbers_of_type":
                name = request.all_extension_numbers_of_type
                self._index.symbols[name]  # raises KeyError
                numbers = self._index.extensions.get(name, {})
                answer.all_extension_numbers_response.base_type_name = name
                answer.all_extension_numbers_response.extension_number.extend(sorted(numbers))
            else:
                _refuse(answer, grpc.StatusCode.INVALID_ARGUMENT, "the request asks nothing")
        except KeyError as missing:
            _refuse(answer, grpc.StatusCode.NOT_FOUND, str(missing.args[0]))

    @cached_property
    def _files(self) -> dict[str, descriptor_pb2.FileDescriptorProto]:
        """Name -> file, each behind those that it imports."""
        own = (descriptor_pb2.FileDescriptorProto.FromString(one.DESCRIPTOR.serialized_pb) for one in (health_pb2, pb))
        return {**self._contract.sources.files, **{file.name: file for file in own}}

    @cached_property
    def _index(self) -> _Index:
        index = _Index()
        for file in self._files.values():
            index.add(file)
        return index

    def _add_file(self, name: str, answer: Any) -> None:
        """The file of a name and all that it needs, itself first; raises KeyError."""
        wanted = [name]
        for one in wanted:
            wanted += [imported for imported in self._files[one].dependency if imported not in wanted]
        found = (self._files[one].SerializeToString() for one in wanted)
        answer.file_descriptor_response.file_descriptor_proto.extend(found)


class _Index:
    """Which file declares what."""

    def __init__(self) -> None:
        self.symbols: dict[str, str] = {}
        """Full name of a message, field, enum, service, RPC or extension -> name of the file."""
        self.extensions: dict[str, dict[int, str]] = {}
        """Extended message -> number -> name of the file."""

    def add(self, file: descriptor_pb2.FileDescriptorProto) -> None:
        for service in file.service:
            name = self._symbol(file, file.package, service.name)
            for method in service.method:
                self._symbol(file, name, method.name)
        self._types(file, file.package, file.message_type, file)

    def _types(self, file: Any, scope: str, messages: Iterable[Any], declared: Any) -> None:
        for enum in declared.enum_type:
            self._symbol(file, scope, enum.name)
            for value in enum.value:  # a sibling of its enum
                self._symbol(file, scope, value.name)
        for extension in declared.extension:
            self._symbol(file, scope, extension.name)
            self.extensions.setdefault(extension.extendee.removeprefix("."), {})[extension.number] = file.name
        for message in messages:
            name = self._symbol(file, scope, message.name)
            for field in message.field:
                self._symbol(file, name, field.name)
            self._types(file, name, message.nested_type, message)

    def _symbol(self, file: Any, scope: str, name: str) -> str:
        full = f"{scope}.{name}" if scope else name
        self.symbols[full] = file.name
        return full


def _refuse(answer: Any, code: grpc.StatusCode, text: str) -> None:
    number: Any = code.value[0]
    answer.error_response.error_code = number
    answer.error_response.error_message = text

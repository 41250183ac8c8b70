"""The types of protobuf's descriptors as its stubs tell them: one of two implementations, which look alike.

Only for annotations; constants and isinstance are those of `google.protobuf.descriptor`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from google.protobuf import descriptor

if TYPE_CHECKING:
    from google._upb import _message

AnyMessageType: TypeAlias = "descriptor.Descriptor | _message.Descriptor"
AnyField: TypeAlias = "descriptor.FieldDescriptor | _message.FieldDescriptor"
AnyService: TypeAlias = "descriptor.ServiceDescriptor | _message.ServiceDescriptor"
AnyMethod: TypeAlias = "descriptor.MethodDescriptor | _message.MethodDescriptor"

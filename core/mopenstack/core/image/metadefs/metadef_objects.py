"""Objects of a namespace: properties that belong together (glance.api.v2.metadef_objects)."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.parts import Parts
from mopenstack.core.image.metadefs.metadef_namespaces import check_room, keeps, shown_before
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.metadefs import metadef_namespaces_pb2 as pb


def _missing(call: Call, namespace: pb.MetadefNamespace, name: str) -> Exception:
    return refusals.ObjectNotFound(name=name)


def _taken(call: Call, namespace: pb.MetadefNamespace, name: str, former: str) -> Exception:
    refusal = refusals.ObjectNameTaken if former else refusals.DuplicateObject
    return refusal(name=name, namespace=namespace.namespace)


async def _check(call: Call, namespace: pb.MetadefNamespace, thing: pb.MetadefObject, request: Any) -> None:
    thing.namespace = namespace.namespace


OBJECTS = Parts(
    "metadef_namespace",
    "objects",
    missing=_missing,
    taken=_taken,
    check=_check,
    room=check_room,
    remove=keeps(refusals.ProtectedObject),
    view=shown_before,
    touches=False,
)

"""The states of images (glance.domain.Image.valid_state_targets) and what moves them."""

from __future__ import annotations

from typing import Any

from mopenstack.contract.faults import Fault
from mopenstack.contract.operations import enum_words
from mopenstack.core.engine.actions import LEFT, Action
from mopenstack.core.engine.lifecycle import Lifecycle
from mopenstack.image.v2 import refusals
from mopenstack.image.v2.images import images_pb2 as pb

Image = pb.Image
_FIELDS: Any = pb.Image.DESCRIPTOR.fields_by_name
STATUS_WORDS = enum_words(_FIELDS["status"])
VISIBILITY_WORDS = enum_words(_FIELDS["visibility"])


def _refuse(action: Action, image: pb.Image) -> Fault:
    if action.label:
        return refusals.NotInThisStatus(verb=action.label, status=STATUS_WORDS[image.status])
    aim = action.to if action.interim is None else action.interim
    return refusals.BadTransition(old=STATUS_WORDS[image.status], new=STATUS_WORDS[aim])


_WITH_DATA = frozenset({Image.ACTIVE, Image.DEACTIVATED})

LIFECYCLE: Lifecycle[pb.Image] = Lifecycle(
    pb.Image,
    (
        Action("upload", frozenset({Image.QUEUED}), interim=Image.SAVING, to=Image.ACTIVE, begins=False),
        Action("stage", frozenset({Image.QUEUED}), to=Image.UPLOADING, begins=False),
        Action("import", frozenset({Image.QUEUED, Image.UPLOADING}), interim=Image.IMPORTING, error=LEFT),
        Action("copy", frozenset({Image.ACTIVE}), error=LEFT),
        Action(
            "deactivate",
            frozenset({Image.ACTIVE, Image.DEACTIVATED}),
            to=Image.DEACTIVATED,
            seconds=0,
            label="deactivate",
        ),
        Action("reactivate", _WITH_DATA, to=Image.ACTIVE, seconds=0, label="reactivate"),
    ),
    _refuse,
)
"""Deactivation happens at once, bytes come and go with their requests. Only an import takes time, and may fail: its
completion says how it ended."""

"""Metadata of shares. Source: manila/api/v2/shares.py, manila/api/v2/metadata.py."""

from __future__ import annotations

from typing import Any

from mopenstack.core.engine.call import Call
from mopenstack.core.engine.collections import Collection
from mopenstack.core.engine.servicer import Servicer
from mopenstack.core.shared_file_system.base import check_metadata, no_such_item
from mopenstack.core.shared_file_system.shares.shares import own
from mopenstack.shared_file_system.v2 import refusals
from mopenstack.shared_file_system.v2.shares import share_metadata_pb2 as pb2
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share

ADMIN_ONLY = ("__affinity_same_host", "__affinity_different_host", "__managed_at")
"""Keys that Manila itself keeps, and that administrators alone may change."""


class ShareMetadata(Servicer):
    service = pb2.DESCRIPTOR.services_by_name["ShareMetadata"]


async def _change(call: Call, share: Share, before: Any, request: Any) -> None:
    """What others may not touch stays as it is."""
    own(call, share, "share:get")
    added = getattr(request, "metadata", None)
    if added is not None:
        if not call.caller.is_admin and any(key in ADMIN_ONLY for key in added):
            raise refusals.ForbiddenNow("Cannot set or update admin only metadata.")
        check_metadata(added)
    if not call.caller.is_admin:
        share.metadata.update({key: before[key] for key in ADMIN_ONLY if key in before})


METADATA = Collection("share", "metadata", change=_change, missing=no_such_item)

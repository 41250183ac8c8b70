"""Bodies of signals: any JSON, where they say that they are JSON; the signature covers their bytes.

Source: heat/common/wsgi.py (JSONRequestDeserializer, is_json_content_type).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from mopenstack.cloudformation.v1 import signals_pb2 as pb
from mopenstack.contract.values import to_value
from mopenstack.gateway.codec.values import decode_json
from mopenstack.gateway.hooks import BodyHook, BodySchema

_JSON = frozenset({"", "text/plain", "application/json"})
"""The types of bodies that are read, if they hold an object."""


def signal(message: pb.SignalRequest, body: bytes, headers: Mapping[str, str]) -> None:
    """What is signalled; raises InvalidField for a body that is no JSON."""
    message.body_hash = hashlib.sha256(body).hexdigest()
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if body.startswith(b"{") and kind in _JSON:
        message.details.CopyFrom(to_value(decode_json(body)))


def _anything(declared: dict[str, Any]) -> Mapping[str, dict[str, Any]]:
    return {"application/json": {}}


_SIGNALS = "mopenstack.cloudformation.v1.Signals"
BODY_HOOKS: Mapping[str, BodyHook] = {f"{_SIGNALS}.SetWaitCondition": signal, f"{_SIGNALS}.SendSignal": signal}
BODY_SCHEMAS: Mapping[str, BodySchema] = dict.fromkeys(BODY_HOOKS, _anything)

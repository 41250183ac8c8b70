"""Only what no annotation can say. A body hook fills a request from raw bytes instead of the compiled plan.

A service names its hook modules; each has `BODY_HOOKS`, operation name -> hook. Where the body is not as the request's
message says, `BODY_SCHEMAS` has its schema for the OpenAPI document, by operation name too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

BodyHook = Callable[[Any, bytes, Mapping[str, str]], None]
"""(request message, body, headers); raises Fault for a body that is wrong."""

BodySchema = Callable[[dict[str, Any]], Mapping[str, dict[str, Any]]]
"""(JSON Schema of the request's message) -> content type -> JSON Schema of the body; empty: the body says nothing."""

"""Only what no annotation can say. A body hook fills a request from raw bytes instead of the compiled plan.

A service names its hook modules; each has `BODY_HOOKS`, operation name -> hook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

BodyHook = Callable[[Any, bytes, Mapping[str, str]], None]
"""(request message, body, headers); raises Fault for a body that is wrong."""

"""The ids of requests."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator


def _request_ids() -> Iterator[str]:
    """Unique, and of a UUID's form: the process's own random beginning and a number. They are no secret."""
    text = os.urandom(10).hex()
    beginning = f"req-{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-"
    return (f"{beginning}{number:012x}" for number in itertools.count(1))


next_request_id = _request_ids().__next__
"""The id of the next request."""

"""The resources of S3, a module each: `RESOURCE` is its name in refusals, `HANDLERS` has what answers by verb.

Source: swift.common.middleware.s3api.controllers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mopenstack.gateway.s3.errors import S3Error
from mopenstack.gateway.s3.exchange import Exchange
from mopenstack.gateway.s3.responses import S3Answer

Handler = Callable[[Exchange], Awaitable[S3Answer]]


def of_bucket(exchange: Exchange) -> None:
    """Take a request that names a key for one about its bucket."""
    exchange.request.key = ""


def need_key(exchange: Exchange) -> None:
    """Refuse a request that names no key."""
    if not exchange.request.is_object:
        raise S3Error("InvalidRequest", "A key must be specified")


def check_encoding(value: str | None) -> None:
    """Refuse another encoding of names than the one that there is."""
    if value is not None and value != "url":
        text = "Invalid Encoding Method specified in Request"
        raise S3Error("InvalidArgument", text, argument_name="encoding-type", argument_value=value)

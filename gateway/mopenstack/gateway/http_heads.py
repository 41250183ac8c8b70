"""The beginnings of requests that aiohttp's parser is too strict for, read as the services' own servers read them.

A verb that no standard has, bytes beyond ASCII in the path, names of headers with signs of punctuation: eventlet and
Apache hand them on, and it is the service's to say what is wrong. Source: eventlet.wsgi.HttpProtocol.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParserPy
from multidict import CIMultiDict, CIMultiDictProxy

END = b"\r\n\r\n"
_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64} /[^\x00-\x20\x7f]* HTTP/1\.[01]")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ODD_NAME = re.compile(rb"[!-9;-~]{1,256}")
"""Printable ASCII without a colon."""
_PLACE = "x-mopenstack-odd-"

Fed = tuple[Any, bool, bytes]
"""What a parser answers: (messages with their payloads, upgraded, what is left)."""


class HeadParser:
    """aiohttp's parser, and the lenient one for a head that came whole and that it refuses.

    A connection with such a request ends with it, so that there is no more than its body to read afterwards.
    """

    def __init__(self, strict: Any, lenient: Callable[[], HttpRequestParserPy]) -> None:
        self._parser = strict
        self._lenient = lenient
        self._payload: Any = None
        self._partial = False

    def feed_data(self, data: bytes) -> Fed:
        """The requests that are whole with these bytes; raises HttpProcessingError."""
        try:
            fed: Fed = self._parser.feed_data(data)
        except HttpProcessingError:
            if self._partial or not (self._payload is None or self._payload.is_eof()) or not data.endswith(END):
                raise
            read = self._read(data)
            if read is None:
                raise
            fed = read
        messages = fed[0]
        if messages:
            self._payload = messages[-1][1]
            self._partial = False
        elif data and (self._payload is None or self._payload.is_eof()):
            self._partial = True
        return fed

    def _read(self, head: bytes) -> Fed | None:
        """The request of a head, by the lenient parser; None for what is none."""
        line, *headers = head[: -len(END)].split(b"\r\n")
        if not _LINE.fullmatch(line):
            return None
        line = _BEYOND_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], line)
        odd: dict[str, bytes] = {}
        for place, header in enumerate(headers):
            name, colon, value = header.partition(b":")
            if not _NAME.fullmatch(name) and _ODD_NAME.fullmatch(name) and colon:
                stand_in = f"{_PLACE}{place}"
                odd[stand_in] = name
                headers[place] = stand_in.encode() + colon + value
        self._parser = self._lenient()
        messages, upgraded, rest = self._parser.feed_data(b"\r\n".join((line, *headers)) + END)
        return [(_named(message, odd)._replace(should_close=True), body) for message, body in messages], upgraded, rest

    def message_consumed(self) -> None:
        """aiohttp answers the next request."""
        self._parser.message_consumed()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)


def _named(message: Any, odd: dict[str, bytes]) -> Any:
    """A request with the headers' own names in the place of those that stood for them."""
    if not odd:
        return message
    raw = tuple((odd.get(name.decode(errors="replace"), name), value) for name, value in message.raw_headers)
    headers = CIMultiDict((name.decode(), value.decode("utf-8", "surrogateescape")) for name, value in raw)
    return message._replace(headers=CIMultiDictProxy(headers), raw_headers=raw)

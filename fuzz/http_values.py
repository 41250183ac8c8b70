"""Verbs, headers, framings and bytes that HTTP servers did not expect."""

from __future__ import annotations

import random

VERBS = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "FOO",
    "get",
    "PROPFIND",
    "M-SEARCH",
)
BYTES = ("\0", "\r\n", "\n", " ", "\r\n\r\n", ":", "\udcff", "\udc80", "HTTP/1.1", "%", "\t", "}", "GET / HTTP/1.1\r\n")
HEADER_TEXTS = (
    *(
        "",
        " ",
        "x",
        "\udcff\udcfe",
        "é",
        "x" * 9000,
        "0",
        "-1",
        "9" * 30,
        "*/*",
        "text/html",
        "application/json; charset=utf-16",
    ),
    *(
        "application/json;q=0",
        "a,b;q=x",
        "gzip",
        "{{member.token}}",
        "{{admin.token}}",
        "null",
        "\t",
        '"',
        "application/xml",
    ),
)
HEADERS = (
    *(
        ("Content-Type", text)
        for text in ("", "text/plain", "application/json; charset=latin-1", "application/octet-stream")
    ),
    *(
        ("Content-Type", text)
        for text in ("application/json; charset=x", "multipart/form-data; boundary=x", "application/xml")
    ),
    *(("Content-Type", f"application/openstack-images-v2.{minor}-json-patch") for minor in (0, 1, 9)),
    *(("Content-Encoding", text) for text in ("gzip", "deflate", "br", "zstd", "identity", "x", "gzip, gzip")),
    *(("Accept", text) for text in ("text/html", "*/*", "text/plain", "image/png", ";", "application/json;q=zz", "")),
    *(("Host", text) for text in ("", "x:y", "[::1", "a b", "x:99999", "example.com", "é")),
    *(("Expect", text) for text in ("100-continue", "x")),
    *(("Connection", text) for text in ("close", "keep-alive", "Upgrade", "x")),
    *(
        ("Range", text)
        for text in ("bytes=0-0", "bytes=9-1", "bytes=-5", "bytes=x", "bytes=0-,5-6", "bytes=99999999999999999999-")
    ),
    *(("X-Auth-Token", text) for text in ("", "x", "x" * 9000, "\udcff", "gAAAA", "{{admin.token}}", "a\tb")),
    *(("X-Subject-Token", text) for text in ("{{member.token}}", "x", "", "\udcff")),
    *(
        ("If-Match", text)
        for text in ("*", "revision_number=x", "revision_number=-1", "revision_number=99999999999999999999")
    ),
    ("Upgrade", "h2c"),
    ("Upgrade", "websocket"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Forwarded-Host", "a b"),
    ("Forwarded", "for="),
    ("Openstack-System-Scope", "all"),
    ("X-Image-Meta-Store", "x"),
    ("OpenStack-Image-Size", "-1"),
    ("X-OpenStack-Request-ID", "req-x\udcff"),
    ("X-Service-Token", "x"),
    ("Cookie", "x" * 8000),
    ("Bad Name", "x"),
    ("", "x"),
    ("X" * 9000, "y"),
    ("Folded", "a\r\n b"),
    ("Nul", "a\0b"),
    ("Origin", "null"),
)
FRAMINGS = (
    ("Content-Length", "0"),
    ("Content-Length", "5"),
    ("Content-Length", "-1"),
    ("Content-Length", "x"),
    ("Content-Length", "99999999999999999999999"),
    ("Content-Length", "1000000000"),
    ("Transfer-Encoding", "chunked"),
    ("Transfer-Encoding", "gzip, chunked"),
    ("Transfer-Encoding", "x"),
    ("Transfer-Encoding", "chunked, identity"),
)
_VERSIONED = ("compute", "volume", "placement", "identity", "x", "", "image", "network")
_MINORS = (
    "2.1",
    "2.103",
    "2.104",
    "2.60",
    "3.0",
    "3.71",
    "3.99",
    "1.0",
    "1.39",
    "latest",
    "",
    "x",
    "2",
    "2.01",
    "-1.0",
    "9" * 40,
)


def version(draw: random.Random) -> str:
    """A header of microversions: right, wrong, several."""
    one = f"{draw.choice(_VERSIONED)} {draw.choice(_MINORS)}"
    minors = {"compute": (2, 103), "volume": (3, 71), "placement": (1, 39)}
    if draw.random() < 0.6:
        name = draw.choice(sorted(minors))
        major, last = minors[name]
        one = f"{name} {major}.{draw.randrange(last + 1)}"
    return one if draw.random() < 0.9 else f"{one}, {draw.choice(_VERSIONED)} {draw.choice(_MINORS)}"

"""Values that programs did not expect: in JSON, queries and paths."""

from __future__ import annotations

import random
from typing import Any

from fuzz.trees import text_of

NUMBERS = (
    *(0, -1, 1, 2, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31) - 1, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64),
    *(-(2**63) - 1, 10**30, 10**400, 0.0, -0.0, 0.5, 1e-7, 1.0, 1e16, 1e308, -1e308),
)
TEXTS = (
    *(
        "",
        " ",
        "x",
        "\0",
        "a\0b",
        "\n",
        "x\n",
        " x ",
        "é",
        "ß",
        "İ",
        "\u200b",
        "😀",
        "\ufeff",
        "\ud800",
        "\udfff",
        "%s",
        "%",
    ),
    *("0", "-1", "1e5", "٣", "²", "１", "0x10", "true", "null", "None", "NaN", "9" * 30, "1" * 5000),
    *(
        "../../etc/passwd",
        "a/b",
        "{}",
        "[]",
        "{0}",
        "${x}",
        "'",
        '"',
        "'; DROP TABLE servers; --",
        "\\",
        "<b>",
        "&",
        ";",
    ),
    *("10.0.0.1", "10.0.0.0/8", "10.0.0.1/33", "0.0.0.0/0", "::", "::1/129", "fe80::1%eth0", "::ffff:1.2.3.4", "1.2.3"),
    *("255.255.255.255", "10.0.0.0/", "fa:16:3e:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "0.0.0.0", "::/0"),
    *("2026-13-45T99:99:99Z", "2026-02-29", "0000-00-00", "9999-12-31T23:59:59.999999Z", "1970-01-01T00:00:00"),
    *("http://[::1", "http://x:99999", "file:///etc/passwd", "{{member.project}}", "{{member.user}}", "all", "default"),
    *(
        "00000000-0000-0000-0000-000000000000",
        "x" * 255,
        "x" * 256,
        "x" * 65536,
        "é" * 255,
        "a=b",
        "a,b",
        "*",
        "(a+)+$",
        "[",
    ),
    *(
        "ipv4",
        "tcp",
        "admin",
        "active",
        "public",
        "available",
        "error",
        "nova",
        "internal",
        "None\r\nX: y",
        "\x7f\x1b[0m",
    ),
)
KEYS = (
    "",
    "id",
    "name",
    "x" * 256,
    "é",
    "a\0",
    "__class__",
    "project_id",
    "$ref",
    "0",
    " ",
    "a.b",
    "a:b",
    "os:x",
    "\ud800",
)
SEGMENTS = (
    *("x", "%00", "%0A", "%ff", "%zz", "%", "%2F", "%2e%2e", "..", ".", "", "-1", "0", "9" * 40, "x" * 300, "x" * 7000),
    *(
        "é",
        "%F0%9F%98%80",
        "%ED%A0%80",
        "null",
        "detail",
        "default",
        "*",
        "a;b",
        "a,b",
        "a b",
        "{{member.project}}",
        "~",
        "+",
    ),
    *(
        "{{admin.user}}",
        "00000000-0000-0000-0000-000000000000",
        "%C0%AF",
        "A%0D%0AX:%20y",
        "[",
        "{x}",
        "1.5",
        "٣",
        "v3",
        "$",
    ),
)
PARAMETERS = (
    *(
        "limit",
        "marker",
        "sort_key",
        "sort_dir",
        "sort",
        "fields",
        "name",
        "id",
        "offset",
        "page_reverse",
        "all_tenants",
    ),
    *(
        "project_id",
        "tenant_id",
        "status",
        "changes-since",
        "changes-before",
        "created_at",
        "updated_at",
        "detail",
        "member_of",
    ),
    *(
        "resources",
        "required",
        "in_tree",
        "group_policy",
        "with_count",
        "metadata",
        "ip",
        "tags",
        "not-tags",
        "tags-any",
        "flags",
    ),
    *(
        "name__contains",
        "size_min",
        "os_hidden",
        "visibility",
        "protected",
        "revision_number",
        "fixed_ips",
        "shared",
        "enabled",
    ),
)
PIECES = (
    "=",
    "&",
    "=x",
    "x",
    "%",
    "%=%",
    "%00=%00",
    "a%0Ab=1",
    "limit=0",
    "limit=-1",
    "limit=x",
    "fields=",
    "x[]=1",
    "x" * 5000,
)


def odd(draw: random.Random) -> Any:
    """A value of any type."""
    kind = draw.randrange(8)
    if kind < 2:
        return draw.choice(NUMBERS)
    if kind < 5:
        return draw.choice(TEXTS)
    if kind == 5:
        return draw.choice((None, True, False, [], {}, [[]], [{}], [None], {"": None}, {"id": None}, {"x": {"x": []}}))
    if kind == 6:
        return draw.choice(([draw.choice(TEXTS)] * draw.choice((1, 2, 100)), {draw.choice(KEYS): draw.choice(TEXTS)}))
    return draw.choice((nested(draw.choice((5, 200, 600))), [1] * 2000, {f"k{n}": n for n in range(300)}))


def odd_text(draw: random.Random) -> str:
    """A key."""
    return draw.choice(KEYS)


def odd_query(draw: random.Random) -> str:
    """A value of a query's parameter, as it is written there."""
    kind = draw.randrange(6)
    if kind == 0:
        return draw.choice(SEGMENTS)
    if kind == 1:
        return str(draw.choice(NUMBERS[:-6]))[:400]
    if kind == 2:
        operator = draw.choice(
            ("in:", "gt:", "gte:", "lt:", "neq:", "eq:", "x:", "!", "in:a,b", "in:", "asc", "id:asc,name:x")
        )
        return operator + draw.choice(("", "x", "2026-01-01T00:00:00Z", "1"))
    text = draw.choice(TEXTS).replace("{{", "{").encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}" for byte in text[:3000])


def near(draw: random.Random, value: Any) -> Any:
    """A value of the same type, close by: a number more, a letter less, an item twice."""
    if isinstance(value, bool):
        return draw.choice((not value, str(value), int(value)))
    if isinstance(value, int):
        return value + draw.choice((-1, 1, 2**31, 0.5))
    if isinstance(value, str):
        return draw.choice((value + "x", value[:-1], value.upper(), value + "\n", " " + value, value * 40, value + "é"))
    if isinstance(value, list):
        return draw.choice((value + value, value[1:], value * 50, value[::-1]))
    if isinstance(value, dict):
        return {key: one for key, one in value.items() if draw.random() < 0.5}
    return draw.choice(TEXTS)


def nested(depth: int) -> Any:
    """Lists in lists."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def wrapped(draw: random.Random, value: Any) -> Any:
    """The value in a list, an object or a text, or out of it."""
    if isinstance(value, list) and value and draw.random() < 0.5:
        return value[0]
    return draw.choice(([value], {"id": value}, {"name": value}, text_of(value), [value, value]))


def broken_json(draw: random.Random, text: str) -> str:
    """A body that is not quite JSON."""
    place = draw.randrange(len(text) + 1)
    utf16 = text.encode("utf-16", "surrogatepass").decode("utf-8", "surrogateescape")
    return draw.choice(
        (
            *("", " ", "null", "[]", "{}", '""', "0", "true", '"x"', "[{}]", "{", "}", "NaN", "-", "\0", "[" * 20_000),
            *(
                '{"a":' * 5000,
                "\ufeff" + text,
                utf16,
                text[:place],
                text + "x",
                text + text,
                text[:place] + "\udcff" + text[place:],
            ),
            *(
                text[:place] + "\0" + text[place:],
                text[:-1] + ',"x":NaN}',
                text[:-1] + ',"x":1e999}',
                text.replace('"', "'"),
            ),
            *(
                text[:-1] + ",}",
                text[:-1] + ',"x":1,"x":2}',
                "/**/" + text,
                text.replace(":", ":\\u0000", 1),
                "=" + text,
            ),
            *(text.replace('"', '"\\ud800', 1), "x=1&y=2", "\n" * 1000 + text, text[:-1] + ',"x":' + "9" * 5000 + "}"),
        )
    )

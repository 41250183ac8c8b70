"""What stands on the stage before a recorded exchange with Swift is asked again, by what its situation is called."""

from __future__ import annotations

import re
from collections.abc import Iterator

Step = tuple[str, str, dict[str, str], bytes]
_WEB: Step = ("POST", "web", {"X-Container-Read": ".r:*,.rlistings"}, b"")
_LISTS: Step = ("POST", "cx", {"X-Container-Read": ".rlistings,.zz"}, b"")
_NO_VERSIONS: Step = ("POST", "cx", {"X-Versions-Enabled": "false"}, b"")
_PAGE: Step = ("PUT", "o/r", {"Content-Type": "text/html"}, b"0123456789")
_EXPIRED: tuple[Step, ...] = (("PUT", "o/ex", {"X-Delete-After": "1"}, b"x"), ("WAIT", "2", {}, b""))
_HISTORY: tuple[Step, ...] = (("POST", "lh", {"X-History-Location": "lv"}, b""), ("DELETE", "lh/o", {}, b""))
_SENT = {"Content-Disposition": "attachment; filename=f", "Content-Encoding": "gzip"}
SEGMENTS = [{"path": f"/seg/s{n}"} for n in range(3)]


def _web(**settings: str) -> Step:
    headers = {f"X-Container-Meta-Web-{name.replace('_', '-')}": value for name, value in settings.items()}
    return ("POST", "web", headers, b"")


def _static() -> Step:
    etag = "3d801aa532c1cec3ee82d87a99fdf63f"
    return ("PUT", "o/slb", {"X-Symlink-Target": "o/t", "X-Symlink-Target-Etag": etag}, b"")


EMPTY = (
    "account plain, nothing",
    "empty account",
    "account format unknown",
    "account xml",
    "create account as member",
    "head account",
)
"""Situations of an account that is not there yet."""
GONE = ("account after delete", "create container in deleted account")
"""Those of one that was deleted."""
OBJECTS = {
    "c1/o1": b"hello",
    "c1/o2": b"hello",
    "o/r": b"0123456789",
    "o/t": b"temp",
    "acl/o": b"data",
    "q/a": b"12345",
    "ver/o": b"v0",
    **dict.fromkeys(("c1/d/o3", "o/a.txt", "o/v", "o/b.html", "o/a.png", "o/a.zzz", "cors/o", "web/sub/a.txt"), b"x"),
    **dict.fromkeys(("bulk/a.txt", "bulk/x.txt", "bulk/g.txt", "web/l.css"), b"x"),
    **dict.fromkeys(("tf_test_container_1/terraform/test/myfile.txt",), b"x"),
}
"""Path below the account -> bytes, of what stands on the stage."""
LISTS = {
    "none": "",
    "project name": "m:*",
    "project:*": "{other}:*",
    "project:user": "{other}:{user}",
    "role reader": "reader",
    "referrer negated": ".r:*,.r:-a.com",
    "referrer": ".r:a.com",
}
"""What situations call an access list -> the list."""
BEFORE: dict[str, tuple[Step, ...]] = {
    "staticweb index": (_WEB, _web(Index="index.html")),
    "staticweb listings with css": (_WEB, _web(Listings="true", Listings_CSS="l.css", Listings_Label="My site")),
    "staticweb listings": (_WEB, _web(Listings="true")),
    "staticweb error page": (_WEB, _web(Index="index.html", Error="error.html", Listings="true")),
    "staticweb off": (_WEB,),
    "get symlink: static ok": (_static(),),
    "get symlink: etag with quotes": (_static(),),
    "list versions while suspended": (("POST", "ver", {"X-Versions-Enabled": "false"}, b""),),
    "head container with ACL as owner": (("POST", "acl", {"X-Container-Read": "pb-two:pb2"}, b""),),
    "account quota exceeded": (("ADMIN", "", {"X-Account-Meta-Quota-Bytes": "5"}, b""),),
    "head account with quota": (("ADMIN", "", {"X-Account-Meta-Quota-Bytes": "5"}, b""),),
    "head account with meta": (("POST", "", {"X-Account-Meta-Color": "blue"}, b""),),
    **dict.fromkeys(
        (
            "head after create container: sync-to",
            "head after create container: versions location",
            "head after create container: write ACL referrer",
        ),
        (_LISTS,),
    ),
    **dict.fromkeys(
        (
            "head after create container: conflict meta 91",
            "head after create container: history location and versions location",
            "head after create container: if-none-match",
            "head after create container: versions enabled bad",
        ),
        (_LISTS, _NO_VERSIONS),
    ),
    "head after post object: ": (_PAGE,),
    "head after put object: etag wrong": (("PUT", "o/v", _SENT, b"x"),),
    "head copied object": (("PUT", "o/cp9", {"Content-Type": "text/zz"}, b"x"),),
    "head DLO copy": (("PUT", "o/dlocopy", {"Content-Type": "application/octet-stream"}, b""),),
    "head SLO copy": (("PUT", "o/slocopy", {"Content-Type": "text/plain"}, b"x"),),
    **dict.fromkeys(("head expired object", "get expired with x-open-expired", "delete expired object"), _EXPIRED),
    **dict.fromkeys(("history delete", "legacy get after delete"), _HISTORY),
    "get after delete marker": (("DELETE", "ver/o", {}, b""),),
    "put SLO: itself": (("DELETE", "o/slo", {}, b""),),
    "read ACL project:*: put object as other project": (("POST", "acl", {"X-Container-Write": "{other}:*"}, b""),),
    "objects ?marker=r&format=json": (_static(),),
}


def acl_steps(situation: str) -> Iterator[Step]:
    found = re.match(r"(read|write) ACL (.*): \w", situation)
    if found is None:
        return
    acl = LISTS.get(found[2], found[2])
    if acl:
        yield ("POST", "acl", {f"X-Container-{found[1].title()}": acl}, b"")

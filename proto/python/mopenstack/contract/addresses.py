"""Where clouds lie on the one port: `/cloud/<name>/...`, the default cloud at the root, a region at `<cloud>.<region>`.

gophercloud cuts an identity URL at the first `v<digit>` of its path, so a cloud named `dev1` must not
look like a version: a tilde stands between such a pair.
"""

from __future__ import annotations

import re

CLOUD_PREFIX = "/cloud/"
SEPARATOR = "."
"""Between the names of a cloud and a region of it; no name of a cloud has one."""


def cloud_path(name: str) -> str:
    """The path prefix of a cloud; empty for the default one."""
    if name in ("", "default"):
        return ""
    return CLOUD_PREFIX + re.sub(r"v(?=[0-9.])", "v~", name)


def split_cloud(path: str) -> tuple[str, str, str]:
    """(cloud, its prefix, the rest) of a raw path."""
    if not path.startswith(CLOUD_PREFIX):
        return "", "", path
    name, slash, rest = path[len(CLOUD_PREFIX) :].partition("/")
    return name.replace("~", ""), CLOUD_PREFIX + name, slash + rest

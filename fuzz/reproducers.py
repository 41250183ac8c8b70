"""A fault's smallest reproducer, as a script for a shell: curl where curl can say it, else the bytes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

from fuzz.shots import NOWHERE, REFERENCE, Shot, to_bytes
from fuzz.shrink import Numbered

_LOGIN = """\
login() {
  d='"domain":{"id":"default"}' n='"name":"'$1'"'
  user='{"user":{'$n','$d',"password":"secret"}}'
  auth='{"auth":{"identity":{"methods":["password"],"password":'$user'},"scope":{"project":{'$n','$d'}}}}'
  curl -s -o /dev/null -D - "$U/identity/v3/auth/tokens" -H 'Content-Type: application/json' -d "$auth" |
    tr -d '\\r' | awk 'tolower($1) == "x-subject-token:" {print $2}'
}"""
_ROLES = {"admin": "admin", "member": "demo"}
_PLAIN = re.compile(r"^[A-Za-z][A-Za-z0-9-]*$")


def script(shots: Numbered, known: Mapping[str, str]) -> str:
    """Shell lines against `U=http://host:port`, a fresh cloud; `known` is what the references stood for."""
    numbers = {str(number) for number, _ in shots}
    lost = {name: NOWHERE for _, shot in shots for name in _names(shot) if not _is_made(name, numbers)}
    shots = [(number, shot.filled({**_itself(shot), **lost})) for number, shot in shots]
    needed = {name for _, shot in shots for name in _names(shot)}
    lines = ["U=${U:-http://127.0.0.1:8800}"]
    roles = sorted(name.partition(".")[0] for name in needed if name.endswith(".token"))
    if roles:
        lines.append(_LOGIN)
    lines += [f"{role}_token=$(login {_ROLES[role]})" for role in roles]
    for name in sorted(needed):
        role, _, what = name.partition(".")
        if what in ("project", "user"):
            lines.append(f"{role}_{what}={known.get(name, '')}  # of the default seed")
    for number, shot in shots:
        wanted = sorted(name for name in needed if name.startswith(f"{number}:"))
        command = _curl(shot) if _is_plain(shot) else _raw(shot, known)
        if not wanted:
            lines.append(command)
            continue
        body = "" if _is_plain(shot) else r" | sed '1,/^\r*$/d'"
        lines.append(f"a{number}=$({command}{body})")
        lines += [f"{_variable(name)}=$(jq -r '{_jq(name.partition(':')[2])}' <<< \"$a{number}\")" for name in wanted]
    return "\n".join(lines) + "\n"


def _names(shot: Shot) -> set[str]:
    texts = (shot.path, *shot.query, *(value for _, value in shot.headers), shot.body or "")
    return {name for text in texts for name in REFERENCE.findall(text)}


def _is_made(name: str, numbers: set[str]) -> bool:
    number, colon, _ = name.partition(":")
    return not colon or number in numbers


def _itself(shot: Shot) -> dict[str, str]:
    return {name: "{{" + name + "}}" for name in _names(shot)}


def _variable(name: str) -> str:
    return "r" + re.sub(r"\W", "_", name) if name[0].isdigit() else re.sub(r"\W", "_", name)


def _jq(path: str) -> str:
    return "." + "".join(f"[{part}]" if part.isdigit() else f'["{part}"]' for part in path.split("."))


def _quoted(text: str) -> str:
    """A word of the shell, its references variables."""
    parts = REFERENCE.split(text)
    quoted = [f'"${_variable(part)}"' if index % 2 else _word(part) for index, part in enumerate(parts) if part]
    return "".join(quoted) or "''"


def _word(text: str) -> str:
    data = to_bytes(text)
    if all(32 <= byte < 127 for byte in data):
        return shlex.quote(text)
    letters = (chr(byte) if 32 <= byte < 127 and chr(byte) not in "'\\" else f"\\x{byte:02x}" for byte in data)
    return "$'" + "".join(letters) + "'"


def _is_plain(shot: Shot) -> bool:
    """Whether curl sends just this."""
    simple = not (shot.damage or shot.pipelined) and shot.framing == "length" and shot.version == "HTTP/1.1"
    names = all(_PLAIN.match(name) and value and "\r" not in value for name, value in shot.headers)
    unique = len({name.lower() for name, _ in shot.headers}) == len(shot.headers)
    body = shot.body is None or "\0" not in shot.body
    return shot.whole and simple and names and unique and body and not re.search(r"[\s\[\]#?]|/\.\.?(/|$)", shot.path)


def _curl(shot: Shot) -> str:
    target = shot.path + ("?" + "&".join(shot.query) if shot.query else "")
    words = [
        "curl -sg --path-as-is",
        "-I" if shot.verb == "HEAD" else f"-X {_quoted(shot.verb)}",
        '"$U"' + _quoted(target),
    ]
    words += [f"-H {_quoted(f'{name}: {value}')}" for name, value in shot.headers]
    if shot.body is not None:
        words.append(f"--data-binary {_quoted(shot.body)}")
        if "content-type" not in {name.lower() for name, _ in shot.headers}:
            words.append("-H 'Content-Type:'")
    return " ".join(words)


def _raw(shot: Shot, known: Mapping[str, str]) -> str:
    """The bytes over /dev/tcp; their lengths hold for ids that are as long as these were."""
    names = sorted(_names(shot))
    markers = {}
    for index, name in enumerate(names):
        value = known.get(name, NOWHERE)
        marker = f"\x01{index}\x02"
        markers[name] = marker.ljust(len(value), "\x03") if len(value) >= len(marker) else value
    data = _escaped(shot.filled(markers).wire("\x04"))
    for index, name in enumerate(names):
        data = re.sub(rf"\\0001{index}\\0002(?:\\0003)*", f"${{{_variable(name)}}}", data)
    data = data.replace("\\0004", "$h")
    return f'(h=${{U#http://}}; exec 3<>/dev/tcp/${{h%:*}}/${{h#*:}}; printf %b "{data}" >&3; timeout 5 cat <&3)'


def _escaped(data: bytes) -> str:
    """Bytes for printf's %b within double quotes."""
    return "".join(chr(byte) if 32 <= byte < 127 and chr(byte) not in '\\"`$' else f"\\0{byte:03o}" for byte in data)

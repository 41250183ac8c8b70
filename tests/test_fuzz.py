"""The fuzzer finds what is wrong, makes it small and repeats itself: on a server with planted faults, no cloud."""

from __future__ import annotations

import itertools
import random
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from fuzz import trees
from fuzz.clouds import reason
from fuzz.corpus import Pool, recorded, words_of
from fuzz.judge import Judge
from fuzz.mutations import Mutator
from fuzz.operations import Operations
from fuzz.reproducers import script
from fuzz.shots import Damage, Shot, shot_from_json
from fuzz.shrink import Numbered, shrunk
from fuzz.wire import Answer, Wire
from mopenstack.cli.recording.differences import kind_of

PLANTED = {
    b"/fails": b"HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\noops",
    b"/closes": b"",
    b"/short": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    b"/more": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}more",
    b"/garbage": b"what\r\n\r\n",
    b"/unserved": b"HTTP/1.1 501 X\r\nContent-Length: 45\r\n\r\nmopenstack does not serve this operation yet.",
    b"/fine": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server that answers each path as planted, or 404."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            data = b""
            while chunk := connection.recv(65536):
                data += chunk
                while b"\r\n\r\n" in data:
                    head, _, data = data.partition(b"\r\n\r\n")
                    path = head.split(b" ")[1].partition(b"?")[0] if b" " in head else b""
                    answer = PLANTED.get(path, b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
                    connection.sendall(answer)
                    if path in (b"/closes", b"/short"):
                        return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def _judge(idle_seconds: float = 0.001) -> Judge:
    create = {"x-mopenstack-operations": [{"rpc": "mopenstack.network.v2.Subnets.CreateSubnet"}]}
    show = {"x-mopenstack-operations": [{"rpc": "mopenstack.network.v2.Subnets.GetSubnet"}]}
    paths = {"/network/v2.0/subnets": {"post": create}, "/network/v2.0/subnets/{id}": {"get": show}}
    return Judge(idle_seconds, Operations({"paths": paths}).rpcs)


def _send(port: int, shot: Shot) -> Answer:
    wire = Wire(port)
    try:
        return wire.send(shot)
    finally:
        wire.close()


@pytest.mark.parametrize(
    ("path", "kind", "what"),
    [
        ("/fails", "5xx", "500 oops"),
        ("/closes", "broken", "closed before the request"),
        ("/short", "broken", "without sending complete"),
        ("/more", "broken", "bytes after the answer: b'more'"),
        ("/garbage", "broken", "no HTTP"),
    ],
)
def test_planted_faults(path: str, kind: str, what: str, port: int) -> None:
    """Every kind of a wrong answer is a fault."""
    shot = Shot("GET", path)
    fault = _judge().fault(shot, _send(port, shot), "", 0.0)
    assert fault is not None
    assert fault.kind == kind
    assert what in fault.what


@pytest.mark.parametrize("path", ["/fine", "/nope", "/unserved"])
def test_what_is_no_fault(path: str, port: int) -> None:
    """Answers below 500, and the 501 that names what is not served."""
    shot = Shot("GET", path, pipelined=2)
    assert _judge().fault(shot, _send(port, shot), "", 0.0) is None


def test_deliberate_answers_are_of_one_operation() -> None:
    """Neutron's Request Failed is meant where the list says so; not elsewhere, and not with a traceback in the log."""
    answer = Answer(500, {}, b"Request Failed: internal server error while processing your request.")
    create, show = Shot("POST", "/network/v2.0/subnets"), Shot("GET", "/network/v2.0/subnets/x")
    assert _judge().fault(create, answer, "", 0.0) is None
    assert _judge().fault(create, answer, "subnets.py:1 create: KeyError: 'x'", 0.0) is not None
    assert _judge().fault(show, answer, "", 0.0) is not None
    assert _judge().fault(create, Answer(500, {}, b"Another text"), "", 0.0) is not None


def test_half_a_request_may_wait(port: int) -> None:
    """A server that waits for the rest of a request does nothing wrong."""
    shot = Shot("GET", "/fine", damage=(Damage("cut", 0.5),))
    answer = _send(port, shot)
    assert answer.fault == "no answer"
    assert _judge().fault(shot, answer, "", 0.0) is None


def test_a_traceback_is_a_fault_whatever_the_answer_is() -> None:
    """What failed behind a good answer is in the log alone."""
    fault = _judge().fault(Shot("GET", "/x"), Answer(200), reason(LOG), 0.0)
    assert fault is not None
    assert fault.signature == "logged: here.py:9 inner: KeyError: 'a'"


LOG = """\
req-1: GET /x failed inside
Traceback (most recent call last):
  File "/x/gateway/mopenstack/gateway/app.py", line 3, in outer
    await it
  File "/x/core/mopenstack/core/here.py", line 9, in inner
    return json.loads(x)
  File "/usr/lib/json/decoder.py", line 355, in raw_decode
    raise KeyError("a")
KeyError: 'a'
"""


def test_a_busy_machine_is_not_blamed() -> None:
    """Slow is what takes long while the cheapest request does not."""
    judge, shot = _judge(0.01), Shot("GET", "/x")
    slow = Answer(200, {}, b"", seconds=1.5)
    assert judge.fault(shot, slow, "", probe_seconds=0.01) is not None
    assert judge.fault(shot, slow, "", probe_seconds=0.02) is None


def test_a_seed_repeats_itself() -> None:
    """The same seed makes the same requests; another one makes others."""
    assert [_requests(1), _requests(1)] == [_requests(1)] * 2
    assert _requests(1) != _requests(2)


def _requests(seed: int, count: int = 300) -> list[Shot]:
    every = recorded()
    draw = random.Random(seed)
    pool = Pool({"member.project": "p"}, {"network": ["1:network.id"]})
    words = words_of(every)
    found = []
    for _ in range(count):
        one = draw.choice(every)
        mutator = Mutator(draw, words[one.service], [{"network": {"name": "x"}}, [1, {"a": None}]])
        found.append(mutator.mutate(one.aimed(pool, draw)))
    return found


def test_every_mutated_request_can_be_sent_and_kept() -> None:
    """Whatever came out of the mutations has bytes, and is the same after it was stored."""
    shots = _requests(5, 2000)
    assert len({(shot.verb, shot.framing, bool(shot.damage), bool(shot.pipelined)) for shot in shots}) > 15
    for shot in shots:
        assert shot.filled({}).wire("h") is not None
        assert shot_from_json(shot.as_json()) == shot


def test_recorded_requests_name_no_ids() -> None:
    """Ids of the recorded cloud are references; what is left over is a word or a made-up id."""
    id = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
    paths = [one.shot.path for one in recorded() if id.search(one.shot.path)]
    assert len(recorded()) > 2000
    assert {path for path in paths if not path.endswith((".json", ".xml"))} == set()


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("networks", "network"),
        ("network_id", "network"),
        ("imageRef", "image"),
        ("os-volume_attachments", "volume_attachment"),
        ("policies", "policy"),
        ("tenant_id", "project"),
        ("volumeId", "volume"),
    ],
)
def test_kinds(word: str, kind: str) -> None:
    assert kind_of(word) == kind


def test_references_are_filled_by_what_was_answered() -> None:
    """An id of an answer is known by the request's number and its place."""
    pool = Pool()
    answer = Answer(201, {"content-type": "application/json"}, b'{"network": {"id": "n1"}}')
    pool.harvest(7, Shot("POST", "/network/v2.0/networks"), answer)
    shot = Shot("GET", "/network/v2.0/networks/" + pool.choose("network", random.Random(1)))
    assert shot.path.endswith("{{7:network.id}}")
    assert shot.references() == {7}
    assert shot.filled(pool.known).path.endswith("/networks/n1")


def test_the_smallest_reproducer() -> None:
    """Of forty requests those two stay that it takes, and of the last one's body only the wrong value."""
    made = Shot("POST", "/x", body='{"name": "a"}')
    last = Shot(
        "PUT",
        "/x/{{11:x.id}}",
        ("a=1", "b=2"),
        (("A", "1"), ("B", "2")),
        '{"one": [1, 2], "two": {"bad": "y"}, "z": 1}',
    )
    shots = [Shot("GET", "/y")] * 11 + [made] + [Shot("POST", "/z")] * 27 + [last]
    tried = itertools.count()

    def shows(some: Numbered) -> bool:
        next(tried)
        has_made = any(number == 11 for number, _ in some)
        body = some[-1][1].body or ""
        return has_made and '"bad"' in body and "b=2" in some[-1][1].query

    small = shrunk(shots, shows)
    assert [number for number, _ in small] == [11, 39]
    assert small[-1][1] == Shot("PUT", "/x/{{11:x.id}}", ("b=2",), (), '{"two": {"bad": "y"}}')
    assert next(tried) < 60


def test_what_is_not_seen_again_has_no_reproducer() -> None:
    assert shrunk([Shot("GET", "/x")], lambda shots: False) == []


@pytest.mark.parametrize(
    "shot",
    [
        Shot("PUT", "/compute/v2.1/x'/{{3:server.id}}", ("a=$x",), (("X-Y", 'a"b'),), '{"a": "é\'\\n{{3:server.id}}"}'),
        Shot("GET", "/a b", headers=(("X-Auth-Token", "{{member.token}}"),), damage=(Damage("cut", 0.9),)),
        Shot("POST", "/x/{{3:server.id}}", body='{"a": "\0`\\\\`"}', framing="chunked", pipelined=1),
    ],
)
def test_a_reproducer_sends_the_same(shot: Shot) -> None:
    """The script's shell sends the bytes that the fuzzer sent, with what an earlier answer said."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    got: list[bytes] = []

    def serve() -> None:
        for answer in (b'{"server": {"id": "s-1234567890"}}', b"{}"):
            connection, _ = listener.accept()
            with connection:
                time.sleep(0.2)
                got.append(connection.recv(65536))
                connection.sendall(
                    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer
                )

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    known = {"3:server.id": "s-1234567890", "member.token": "t-1234567890"}
    text = script([(3, Shot("POST", "/servers")), (4, shot)], known)
    text = re.sub(r"^member_token=.*$", "member_token=t-1234567890", text, flags=re.MULTILINE)
    text = re.sub(r"jq -r '[^']*'", r"sed 's/.*\\(s-[0-9]*\\).*/\\1/'", text)
    subprocess.run(
        ["bash", "-c", text], env={"U": f"http://127.0.0.1:{port}", "PATH": "/usr/bin:/bin"}, timeout=20, check=False
    )
    thread.join(10)
    listener.close()
    assert _essence(got[1]) == _essence(shot.filled(known).wire(f"127.0.0.1:{port}"))


def _essence(data: bytes) -> tuple[bytes, bytes]:
    """The request line and what is behind the headers; curl has headers of its own."""
    head, _, body = data.partition(b"\r\n\r\n")
    return head.partition(b"\r\n")[0], body


def test_operations_are_found_by_their_templates() -> None:
    paths = {"/a/{id}": {"get": {}, "parameters": []}, "/a/detail": {"get": {}}, "/a/{id}/b": {"post": {}}}
    operations = Operations({"paths": paths})
    assert operations.find("GET", "/a/detail") == "GET /a/detail"
    assert operations.find("GET", "/a/x") == "GET /a/{id}"
    assert operations.find("POST", "/a/detail/b") == "POST /a/{id}/b"
    assert operations.find("PUT", "/a/x") == ""
    assert operations.find("GET", "/a/x?") == "GET /a/{id}"
    assert operations.find("GET", "/a/detail.json") == "GET /a/detail"


def test_json_is_changed_in_a_copy() -> None:
    value = {"a": [1, {"b": 2}]}
    assert trees.put(value, ("a", 1, "b"), 3) == {"a": [1, {"b": 3}]}
    assert trees.dropped(value, ("a", 0)) == {"a": [{"b": 2}]}
    assert value == {"a": [1, {"b": 2}]}

"""What a diff tells of stored resources, and what it keeps to itself."""

from __future__ import annotations

import json

from google.protobuf.struct_pb2 import Struct

from mopenstack.core.engine.differences import HIDDEN, differences


def test_no_secret_is_told_wherever_it_stands() -> None:
    """A field of a secret's name is hidden whole; of others, what is nested in them under such a key."""
    before, after = Struct(), Struct()
    before.update({"password_hash": "old-hash", "settings": {"size": 1, "admin_pass": "old-word"}})
    after.update({"password_hash": "new-hash", "settings": {"size": 2, "admin_pass": "new-word"}})
    stored = [("thing", "1", before.SerializeToString(), after.SerializeToString())]
    (found,) = differences(stored, {"thing": Struct})
    assert found.change == "changed"
    assert found.fields["password_hash"] == (HIDDEN, HIDDEN)
    assert [side["size"] for side in found.fields["settings"]] == [1, 2]
    assert not [
        word for word in ("hash", "word") for side in ("old", "new") if f"{side}-{word}" in json.dumps(found.fields)
    ]

"""What the driver of CephFS does with shares of its own: names and keys of clients, and what is said to mount them.

Source: `NativeProtocolHelper` of manila/share/drivers/cephfs/driver.py; `fs subvolume authorize` of Ceph.
"""

from __future__ import annotations

import base64
import struct

from mopenstack.core.engine.call import Call
from mopenstack.core.shared_file_system import backends
from mopenstack.shared_file_system.v2.shares.access_rules_pb2 import AccessRule, CephGrant
from mopenstack.shared_file_system.v2.shares.shares_pb2 import Share

PROTOCOL, TYPE = "CEPHFS", "cephx"
MOUNT_OPTIONS = {"__mount_options": "fs=cephfs"}
"""The metadata of such a share."""
TAKEN = frozenset({"admin", "manila"})
"""The identities of Ceph's administrator and of the service itself."""
_AES = 1


def is_native(share: Share) -> bool:
    """Whether the driver of CephFS has a share: it makes no share servers."""
    backend = backends.backend_of(share.host)
    return share.share_proto == PROTOCOL and backend is not None and not backend.serves


async def authorized(call: Call, share: Share, rule: AccessRule) -> bool:
    """Let a client in under its name, with a key. False: the name is the service's, or another project's."""
    if not is_native(share):
        return True
    if rule.access_type != TYPE or rule.access_to in TAKEN:
        return False
    grants = await call.tx.query(CephGrant, identity=rule.access_to)
    if any(one.project_id != share.project_id for one in grants):
        return False
    await call.tx.put(CephGrant(id=rule.id, identity=rule.access_to, project_id=share.project_id))
    if not rule.access_key:
        rule.access_key = _key(call)
    return True


async def forget(call: Call, rule: AccessRule) -> None:
    """A client is let in no more."""
    if await call.tx.get(CephGrant, rule.id) is not None:
        await call.tx.delete(CephGrant, rule.id)


def _key(call: Call) -> str:
    """A key as Ceph makes them: kind, time, length and 16 bytes, in base64."""
    secret = bytes.fromhex(call.ids.hex())
    return base64.b64encode(struct.pack("<HIIH", _AES, int(call.time), 0, len(secret)) + secret).decode()

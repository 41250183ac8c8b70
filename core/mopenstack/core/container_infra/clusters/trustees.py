"""The user that a cluster is in Keystone, and the trust that lets it act for the cluster's owner.

Sources: magnum/conductor/handlers/common/trust_manager.py, magnum/common/keystone.py.
"""

from __future__ import annotations

from google.protobuf.field_mask_pb2 import FieldMask

from mopenstack.container_infra.v1.clusters_pb2 import Cluster
from mopenstack.contract.faults import Fault
from mopenstack.contract.v1.common_pb2 import Query
from mopenstack.core.engine.call import Call
from mopenstack.identity.v3.identity.users_pb2 import CreateUserRequest, DeleteUserRequest, User
from mopenstack.identity.v3.resource.domains_pb2 import ListDomainsRequest
from mopenstack.identity.v3.trust.trusts_pb2 import CreateTrustRequest, Trust, TrustCreate, TrustRequest

IDENTITY = "mopenstack.identity.v3"
DOMAIN = "magnum"
"""The domain of the clusters' users: magnum.conf, [trust] trustee_domain_name of DevStack."""
PASSWORD_LENGTH = 18


async def create(call: Call, cluster: Cluster) -> str:
    """Make user and trust of a new cluster; why that fails, or empty."""
    try:
        cluster.trustee_user_id = await _user(call, cluster)
        cluster.trust_id = await _trust(call, cluster.trustee_user_id)
    except Fault:
        return f"Failed to create trustee or trust for Cluster: {cluster.id}"
    return ""


async def _user(call: Call, cluster: Cluster) -> str:
    query = Query(filters=[Query.Filter(key="name", values=[DOMAIN])])
    domains = await call.invoke(f"{IDENTITY}.Domains.ListDomains", ListDomainsRequest(query=query), elevated=True)
    values = {
        "name": f"{cluster.id}_{cluster.project_id}",
        "domain_id": domains.items[0].id,
        "password": call.ids.word(PASSWORD_LENGTH),
    }
    request = CreateUserRequest(user=User(**values), mask=FieldMask(paths=values))
    made: User = await call.invoke(f"{IDENTITY}.Users.CreateUser", request, elevated=True)
    return made.id


async def _trust(call: Call, trustee_user_id: str) -> str:
    """A trust of the caller with all roles of the token ([trust] roles is empty)."""
    caller = call.caller
    trust = TrustCreate(
        trustor_user_id=caller.user_id,
        trustee_user_id=trustee_user_id,
        impersonation=True,
        project_id=caller.project_id,
        roles=[TrustCreate.Role(name=name) for name in sorted(caller.roles)],
    )
    made: Trust = await call.invoke(f"{IDENTITY}.Trusts.CreateTrust", CreateTrustRequest(trust=trust))
    return made.id


async def delete(call: Call, cluster: Cluster) -> None:
    """Delete trust and user of a cluster; they may be gone already."""
    for operation, request in (
        ("Trusts.DeleteTrust", TrustRequest(trust_id=cluster.trust_id)),
        ("Users.DeleteUser", DeleteUserRequest(user_id=cluster.trustee_user_id)),
    ):
        try:
            await call.invoke(f"{IDENTITY}.{operation}", request, elevated=True)
        except Fault:
            continue

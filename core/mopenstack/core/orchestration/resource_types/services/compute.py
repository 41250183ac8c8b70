"""Nova: servers, key pairs, flavors, server groups, aggregates, quotas."""

from __future__ import annotations

from mopenstack.core.orchestration.resource_types.mapped import Row, table
from mopenstack.core.orchestration.resource_types.services import compute_objects as objects
from mopenstack.core.orchestration.resource_types.services import servers
from mopenstack.core.orchestration.resource_types.services.quotas import Quota

_V2 = "mopenstack.compute.v2."
NOVA = 96
"""The microversion of Heat's client, 2.96."""

TYPES = {
    **table(Row("OS::Nova::Server", _V2 + "Servers", "Server", microversion=NOVA), kind=servers.Server),
    **table(
        Row(
            "OS::Nova::KeyPair",
            _V2 + "Keypairs",
            "Keypair",
            words={"save_private_key": "", "user": "user_id"},
            key="name",
            microversion=NOVA,
        ),
        kind=objects.KeyPair,
    ),
    **table(
        Row(
            "OS::Nova::Flavor",
            _V2 + "Flavors",
            "Flavor",
            words={
                "flavorid": "id",
                "ephemeral": "OS-FLV-EXT-DATA:ephemeral",
                "is_public": "os-flavor-access:is_public",
                "tenants": "",
                "extra_specs": "",
            },
            shown={"is_public": "os-flavor-access:is_public"},
            microversion=NOVA,
        ),
        kind=objects.Flavor,
    ),
    **table(
        Row("OS::Nova::ServerGroup", _V2 + "ServerGroups", "ServerGroup", words={"policies": ""}, microversion=NOVA),
        kind=objects.ServerGroup,
    ),
    **table(
        Row(
            "OS::Nova::HostAggregate",
            _V2 + "Aggregates",
            "Aggregate",
            words={"hosts": "", "metadata": ""},
            microversion=NOVA,
        ),
        kind=objects.HostAggregate,
    ),
    **table(
        Row("OS::Nova::Quota", _V2 + "QuotaSets", "QuotaSet", above=("project",), microversion=NOVA),
        kind=Quota,
    ),
}

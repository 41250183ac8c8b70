"""Keystone: domains, projects, users, groups, roles and their assignments, the catalog."""

from __future__ import annotations

from mopenstack.core.orchestration.resource_types.mapped import Mapped, Row, table
from mopenstack.core.orchestration.resource_types.services import identity_objects as objects

_V3 = "mopenstack.identity.v3."
_DOMAIN = {"domain": "domain_id"}

TYPES = {
    **table(
        Row("OS::Keystone::Role", _V3 + "Roles", "Role", words=_DOMAIN),
        Row("OS::Keystone::Service", _V3 + "Services", "Service"),
        Row("OS::Keystone::Region", _V3 + "Regions", "Region", words={"parent_region": "parent_region_id"}),
        Row(
            "OS::Keystone::Endpoint",
            _V3 + "Endpoints",
            "Endpoint",
            words={"service": "service_id", "region": "region_id"},
        ),
        kind=Mapped,
    ),
    **table(Row("OS::Keystone::Domain", _V3 + "Domains", "Domain"), kind=objects.Domain),
    **table(
        Row("OS::Keystone::Project", _V3 + "Projects", "Project", words={**_DOMAIN, "parent": "parent_id"}),
        kind=objects.Project,
    ),
    **table(
        Row(
            "OS::Keystone::User",
            _V3 + "Users",
            "User",
            words={**_DOMAIN, "default_project": "default_project_id", "groups": "", "roles": ""},
        ),
        kind=objects.User,
    ),
    **table(Row("OS::Keystone::Group", _V3 + "Groups", "Group", words={**_DOMAIN, "roles": ""}), kind=objects.Group),
    **table(Row("OS::Keystone::UserRoleAssignment", _V3 + "Users", "User"), kind=objects.UserRoles),
    **table(Row("OS::Keystone::GroupRoleAssignment", _V3 + "Groups", "Group"), kind=objects.GroupRoles),
}

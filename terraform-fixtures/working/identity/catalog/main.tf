terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_identity_service_v3" "catalog" {
  name        = "catalog"
  type        = "catalog"
  description = "A service of the operator's own"
}

resource "openstack_identity_endpoint_v3" "public" {
  name            = "catalog"
  service_id      = openstack_identity_service_v3.catalog.id
  endpoint_region = "RegionOne"
  interface       = "public"
  url             = "http://catalog.example/v1"
}

resource "openstack_identity_project_v3" "project" {
  name = "catalog"
  tags = ["catalog"]
}

resource "openstack_identity_registered_limit_v3" "things" {
  service_id    = openstack_identity_service_v3.catalog.id
  resource_name = "things"
  default_limit = 20
  description   = "Things of each project"
}

resource "openstack_identity_limit_v3" "things" {
  project_id     = openstack_identity_project_v3.project.id
  service_id     = openstack_identity_service_v3.catalog.id
  resource_name  = openstack_identity_registered_limit_v3.things.resource_name
  resource_limit = 5
}

resource "openstack_identity_user_v3" "user" {
  name     = "catalog"
  password = "not-a-secret"

  extra = {
    email = "catalog@example.org"
  }
}

resource "openstack_identity_group_v3" "group" {
  name = "catalog"
}

resource "openstack_identity_ec2_credential_v3" "own" {}

resource "openstack_identity_role_v3" "role" {
  name = "catalog"
}

data "openstack_identity_auth_scope_v3" "scope" {
  name = "scope"
}

data "openstack_identity_service_v3" "catalog" {
  name = openstack_identity_service_v3.catalog.name
}

data "openstack_identity_endpoint_v3" "public" {
  service_id = openstack_identity_endpoint_v3.public.service_id
  interface  = "public"
}

data "openstack_identity_project_v3" "project" {
  name = openstack_identity_project_v3.project.name
}

data "openstack_identity_project_ids_v3" "tagged" {
  tags = openstack_identity_project_v3.project.tags
}

data "openstack_identity_user_v3" "user" {
  name = openstack_identity_user_v3.user.name
}

data "openstack_identity_group_v3" "group" {
  name = openstack_identity_group_v3.group.name
}

data "openstack_identity_role_v3" "role" {
  name = openstack_identity_role_v3.role.name
}

output "found" {
  value = join(" ", [
    data.openstack_identity_service_v3.catalog.type,
    data.openstack_identity_project_v3.project.name,
    data.openstack_identity_user_v3.user.name,
    data.openstack_identity_group_v3.group.name,
    data.openstack_identity_endpoint_v3.public.url,
    length(data.openstack_identity_project_ids_v3.tagged.ids),
  ])
}

output "scope" {
  value = data.openstack_identity_auth_scope_v3.scope.project_name
}

output "limit" {
  value = join(" ", [
    openstack_identity_limit_v3.things.resource_limit,
    openstack_identity_registered_limit_v3.things.default_limit,
  ])
}

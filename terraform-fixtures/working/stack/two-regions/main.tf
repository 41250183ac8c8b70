terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

provider "openstack" {
  region = "RegionOne"
}

provider "openstack" {
  alias  = "two"
  region = "RegionTwo"
}

# The same in both regions: what has a name or an address in one takes nothing from the other.

module "one" {
  source = "./site"
}

module "two" {
  source    = "./site"
  providers = { openstack = openstack.two }
}

# Identity is one: a project that was made by the first provider is used by a resource of either region.

data "openstack_identity_auth_scope_v3" "one" {
  name = "one"
}

data "openstack_identity_auth_scope_v3" "two" {
  provider = openstack.two
  name     = "two"
}

# A region can be said by a resource, too.

resource "openstack_networking_secgroup_v2" "by_region" {
  name   = "two-regions-by-region"
  region = "RegionTwo"
}

data "openstack_networking_secgroup_v2" "found" {
  provider   = openstack.two
  name       = openstack_networking_secgroup_v2.by_region.name
  depends_on = [openstack_networking_secgroup_v2.by_region]
}

output "regions" {
  value = "${module.one.region} ${module.two.region}"
}

output "apart" {
  value = length(setintersection(module.one.ids, module.two.ids)) == 0 ? "apart" : "shared"
}

output "one_project" {
  value = data.openstack_identity_auth_scope_v3.one.project_id == data.openstack_identity_auth_scope_v3.two.project_id ? "one" : "two"
}

output "by_region" {
  value = data.openstack_networking_secgroup_v2.found.id == openstack_networking_secgroup_v2.by_region.id ? "found" : "another"
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_identity_project_v3" "tenant" {
  name        = "private-flavor"
  description = "Sees the flavor"
}

resource "openstack_compute_flavor_v2" "private" {
  name      = "private-flavor"
  ram       = 256
  vcpus     = 2
  disk      = 3
  swap      = 128
  ephemeral = 1
  is_public = false

  extra_specs = {
    "hw:cpu_policy"              = "dedicated"
    "quota:vif_outbound_average" = "1024"
  }
}

resource "openstack_compute_flavor_access_v2" "tenant" {
  tenant_id = openstack_identity_project_v3.tenant.id
  flavor_id = openstack_compute_flavor_v2.private.id
}

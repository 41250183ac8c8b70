terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_identity_project_v3" "owner" {
  name = "owner"
}

resource "openstack_dns_zone_v2" "parent" {
  project_id = openstack_identity_project_v3.owner.id
  name       = "owned.example."
  email      = "hostmaster@owned.example"
}

resource "openstack_dns_zone_v2" "wrong" {
  name  = "below.owned.example."
  email = "hostmaster@owned.example"

  depends_on = [openstack_dns_zone_v2.parent]
}

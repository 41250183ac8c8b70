terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_router_v2" "closed" {
  name = "closed"
}

resource "openstack_vpnaas_service_v2" "wrong" {
  name      = "wrong"
  router_id = openstack_networking_router_v2.closed.id
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

data "openstack_networking_network_v2" "external" {
  name     = "public"
  external = true
}

resource "openstack_networking_network_v2" "inside" {
  name = "inside"
}

resource "openstack_networking_subnet_v2" "inside" {
  name       = "inside"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.31.0.0/24"
}

resource "openstack_networking_router_v2" "edge" {
  name                = "edge"
  description         = "The way out"
  external_network_id = data.openstack_networking_network_v2.external.id
}

resource "openstack_networking_router_interface_v2" "inside" {
  router_id = openstack_networking_router_v2.edge.id
  subnet_id = openstack_networking_subnet_v2.inside.id
}

resource "openstack_networking_router_route_v2" "beyond" {
  router_id        = openstack_networking_router_v2.edge.id
  destination_cidr = "10.32.0.0/24"
  next_hop         = "10.31.0.200"

  depends_on = [openstack_networking_router_interface_v2.inside]
}

resource "openstack_networking_port_v2" "inside" {
  name       = "inside"
  network_id = openstack_networking_network_v2.inside.id

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.inside.id
  }
}

resource "openstack_networking_floatingip_v2" "outside" {
  pool    = data.openstack_networking_network_v2.external.name
  port_id = openstack_networking_port_v2.inside.id

  depends_on = [openstack_networking_router_interface_v2.inside]
}

output "outside" {
  value = openstack_networking_floatingip_v2.outside.address
}

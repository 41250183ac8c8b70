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
  cidr       = "10.71.0.0/24"
}

resource "openstack_networking_router_v2" "closed" {
  name = "closed"
}

resource "openstack_networking_router_interface_v2" "closed" {
  router_id = openstack_networking_router_v2.closed.id
  subnet_id = openstack_networking_subnet_v2.inside.id
}

resource "openstack_networking_port_v2" "inside" {
  name       = "inside"
  network_id = openstack_networking_network_v2.inside.id

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.inside.id
  }
}

resource "openstack_networking_floatingip_v2" "wrong" {
  pool    = data.openstack_networking_network_v2.external.name
  port_id = openstack_networking_port_v2.inside.id

  depends_on = [openstack_networking_router_interface_v2.closed]
}

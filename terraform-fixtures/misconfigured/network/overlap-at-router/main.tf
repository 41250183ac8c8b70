terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "one" {
  name = "one"
}

resource "openstack_networking_subnet_v2" "one" {
  name       = "one"
  network_id = openstack_networking_network_v2.one.id
  cidr       = "10.72.0.0/24"
}

resource "openstack_networking_network_v2" "two" {
  name = "two"
}

resource "openstack_networking_subnet_v2" "two" {
  name       = "two"
  network_id = openstack_networking_network_v2.two.id
  cidr       = "10.72.0.0/25"
}

resource "openstack_networking_router_v2" "both" {
  name = "both"
}

resource "openstack_networking_router_interface_v2" "both" {
  router_id = openstack_networking_router_v2.both.id
  subnet_id = openstack_networking_subnet_v2.one.id
}

resource "openstack_networking_router_interface_v2" "wrong" {
  router_id = openstack_networking_router_v2.both.id
  subnet_id = openstack_networking_subnet_v2.two.id

  depends_on = [openstack_networking_router_interface_v2.both]
}

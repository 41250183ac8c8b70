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
  cidr       = "10.35.0.0/24"
}

resource "openstack_networking_router_v2" "edge" {
  name                = "edge"
  external_network_id = data.openstack_networking_network_v2.external.id
}

resource "openstack_networking_router_interface_v2" "edge" {
  router_id = openstack_networking_router_v2.edge.id
  subnet_id = openstack_networking_subnet_v2.inside.id
}

resource "openstack_networking_port_v2" "inside" {
  name       = "inside"
  network_id = openstack_networking_network_v2.inside.id

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.inside.id
  }
}

resource "openstack_networking_floatingip_v2" "door" {
  pool = data.openstack_networking_network_v2.external.name
}

resource "openstack_networking_portforwarding_v2" "door" {
  for_each            = { ssh = [2022, 22], web = [8080, 80] }
  floatingip_id       = openstack_networking_floatingip_v2.door.id
  external_port       = each.value[0]
  internal_port       = each.value[1]
  internal_port_id    = openstack_networking_port_v2.inside.id
  internal_ip_address = openstack_networking_port_v2.inside.all_fixed_ips[0]
  protocol            = "tcp"
  description         = each.key

  depends_on = [openstack_networking_router_interface_v2.edge]
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_bgpvpn_v2" "backbone" {
  name          = "backbone"
  route_targets = ["64512:1"]
}

resource "openstack_networking_network_v2" "inside" {
  name = "inside"
}

resource "openstack_networking_subnet_v2" "inside" {
  name       = "inside"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.40.0.0/24"
}

resource "openstack_networking_router_v2" "edge" {
  name = "edge"
}

resource "openstack_networking_router_interface_v2" "edge" {
  router_id = openstack_networking_router_v2.edge.id
  subnet_id = openstack_networking_subnet_v2.inside.id
}

resource "openstack_networking_network_v2" "flat" {
  name = "flat"
}

resource "openstack_bgpvpn_network_associate_v2" "flat" {
  bgpvpn_id  = openstack_bgpvpn_v2.backbone.id
  network_id = openstack_networking_network_v2.flat.id
}

resource "openstack_bgpvpn_router_associate_v2" "edge" {
  bgpvpn_id = openstack_bgpvpn_v2.backbone.id
  router_id = openstack_networking_router_v2.edge.id
}

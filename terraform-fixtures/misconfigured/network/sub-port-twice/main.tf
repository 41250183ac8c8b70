terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "vlan" {
  name = "vlan"
}

resource "openstack_networking_port_v2" "parent" {
  count      = 2
  name       = "parent-${count.index}"
  network_id = openstack_networking_network_v2.vlan.id
}

resource "openstack_networking_port_v2" "child" {
  name       = "child"
  network_id = openstack_networking_network_v2.vlan.id
}

resource "openstack_networking_trunk_v2" "first" {
  name           = "first"
  admin_state_up = true
  port_id        = openstack_networking_port_v2.parent[0].id

  sub_port {
    port_id           = openstack_networking_port_v2.child.id
    segmentation_type = "vlan"
    segmentation_id   = 101
  }
}

resource "openstack_networking_trunk_v2" "wrong" {
  name           = "wrong"
  admin_state_up = true
  port_id        = openstack_networking_port_v2.parent[1].id

  sub_port {
    port_id           = openstack_networking_port_v2.child.id
    segmentation_type = "vlan"
    segmentation_id   = 101
  }

  depends_on = [openstack_networking_trunk_v2.first]
}

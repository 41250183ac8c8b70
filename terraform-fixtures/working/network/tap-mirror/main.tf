terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "watched" {
  name = "watched"
}

resource "openstack_networking_subnet_v2" "watched" {
  name       = "watched"
  network_id = openstack_networking_network_v2.watched.id
  cidr       = "10.41.0.0/24"
}

resource "openstack_networking_port_v2" "watched" {
  name       = "watched"
  network_id = openstack_networking_network_v2.watched.id

  depends_on = [openstack_networking_subnet_v2.watched]
}

resource "openstack_taas_tap_mirror_v2" "watch" {
  name        = "watch"
  mirror_type = "gre"
  port_id     = openstack_networking_port_v2.watched.id
  remote_ip   = "192.0.2.99"

  directions {
    in  = 1001
    out = 1002
  }
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "wrong" {
  name = "wrong"
}

resource "openstack_networking_subnet_v2" "whole" {
  name       = "whole"
  network_id = openstack_networking_network_v2.wrong.id
  cidr       = "10.70.0.0/24"
}

resource "openstack_networking_subnet_v2" "half" {
  name       = "half"
  network_id = openstack_networking_network_v2.wrong.id
  cidr       = "10.70.0.128/25"

  depends_on = [openstack_networking_subnet_v2.whole]
}

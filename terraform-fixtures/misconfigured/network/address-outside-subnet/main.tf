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

resource "openstack_networking_subnet_v2" "wrong" {
  name       = "wrong"
  network_id = openstack_networking_network_v2.wrong.id
  cidr       = "10.70.2.0/24"
}

resource "openstack_networking_port_v2" "wrong" {
  name       = "wrong"
  network_id = openstack_networking_network_v2.wrong.id

  fixed_ip {
    ip_address = "10.99.0.1"
  }

  depends_on = [openstack_networking_subnet_v2.wrong]
}

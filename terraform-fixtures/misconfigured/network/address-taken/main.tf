terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "inside" {
  name = "inside"
}

resource "openstack_networking_subnet_v2" "inside" {
  name       = "inside"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.73.0.0/24"
}

resource "openstack_networking_port_v2" "first" {
  name       = "first"
  network_id = openstack_networking_network_v2.inside.id

  fixed_ip {
    subnet_id  = openstack_networking_subnet_v2.inside.id
    ip_address = "10.73.0.10"
  }
}

resource "openstack_networking_port_v2" "wrong" {
  name       = "wrong"
  network_id = openstack_networking_network_v2.inside.id

  fixed_ip {
    subnet_id  = openstack_networking_subnet_v2.inside.id
    ip_address = "10.73.0.10"
  }

  depends_on = [openstack_networking_port_v2.first]
}

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
  cidr       = "10.70.1.0/24"
  gateway_ip = "10.70.1.5"

  allocation_pool {
    start = "10.70.1.2"
    end   = "10.70.1.9"
  }
}

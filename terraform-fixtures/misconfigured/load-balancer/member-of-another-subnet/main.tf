terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "inside" {
  name = "wrong"
}

resource "openstack_networking_subnet_v2" "inside" {
  name       = "wrong"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.96.0.0/24"
}

resource "openstack_networking_subnet_v2" "other" {
  name       = "other"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.96.1.0/24"
}

resource "openstack_lb_loadbalancer_v2" "front" {
  name                  = "wrong"
  loadbalancer_provider = "ovn"
  vip_subnet_id         = openstack_networking_subnet_v2.inside.id
}

resource "openstack_lb_pool_v2" "web" {
  name            = "web"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "TCP"
  lb_method       = "SOURCE_IP_PORT"
}

# Its subnet is not said, and its address is not of the VIP's.
resource "openstack_lb_member_v2" "wrong" {
  pool_id       = openstack_lb_pool_v2.web.id
  address       = cidrhost(openstack_networking_subnet_v2.other.cidr, 20)
  protocol_port = 80
}

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
  cidr       = "10.95.0.0/24"
}

resource "openstack_lb_loadbalancer_v2" "front" {
  name          = "wrong"
  vip_subnet_id = openstack_networking_subnet_v2.inside.id
}

resource "openstack_lb_pool_v2" "web" {
  name            = "web"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "HTTP"
  lb_method       = "ROUND_ROBIN"
}

# A network's id where a subnet's is asked for.
resource "openstack_lb_member_v2" "wrong" {
  pool_id       = openstack_lb_pool_v2.web.id
  subnet_id     = openstack_networking_network_v2.inside.id
  address       = "10.95.0.20"
  protocol_port = 80
}

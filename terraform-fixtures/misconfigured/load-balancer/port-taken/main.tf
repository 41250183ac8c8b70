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
  cidr       = "10.97.0.0/24"
}

resource "openstack_lb_loadbalancer_v2" "front" {
  name          = "wrong"
  vip_subnet_id = openstack_networking_subnet_v2.inside.id
}

resource "openstack_lb_listener_v2" "first" {
  name            = "first"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "HTTP"
  protocol_port   = 80
}

resource "openstack_lb_listener_v2" "wrong" {
  name            = "wrong"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "HTTP"
  protocol_port   = 80

  # The provider tries again what a load balancer refuses with 409.
  timeouts {
    create = "5s"
  }

  depends_on = [openstack_lb_listener_v2.first]
}

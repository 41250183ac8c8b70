terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "pool" {
  type    = bool
  default = true
}

resource "openstack_networking_network_v2" "inside" {
  name = "wrong"
}

resource "openstack_networking_subnet_v2" "inside" {
  name       = "wrong"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.98.0.0/24"
}

resource "openstack_lb_loadbalancer_v2" "front" {
  name          = "wrong"
  vip_subnet_id = openstack_networking_subnet_v2.inside.id
}

resource "openstack_lb_listener_v2" "http" {
  name            = "http"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "HTTP"
  protocol_port   = 80
}

resource "openstack_lb_pool_v2" "api" {
  count           = var.pool ? 1 : 0
  name            = "api"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "HTTP"
  lb_method       = "ROUND_ROBIN"

  # The provider tries again what a load balancer refuses with 409.
  timeouts {
    delete = "5s"
  }
}

# Keeps the id that the pool had at first, and so the policy below keeps the pool.
resource "terraform_data" "pool" {
  input = one(openstack_lb_pool_v2.api[*].id)

  lifecycle {
    ignore_changes = [input]
  }
}

resource "openstack_lb_l7policy_v2" "api" {
  name             = "api"
  listener_id      = openstack_lb_listener_v2.http.id
  action           = "REDIRECT_TO_POOL"
  redirect_pool_id = terraform_data.pool.output
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "inside" {
  name = "routing"
}

resource "openstack_networking_subnet_v2" "inside" {
  name       = "routing"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.92.0.0/24"
}

resource "openstack_lb_loadbalancer_v2" "front" {
  name          = "routing"
  vip_subnet_id = openstack_networking_subnet_v2.inside.id
}

resource "openstack_lb_listener_v2" "http" {
  name            = "http"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "HTTP"
  protocol_port   = 80
}

resource "openstack_lb_pool_v2" "api" {
  name            = "api"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "HTTP"
  lb_method       = "LEAST_CONNECTIONS"
}

resource "openstack_lb_members_v2" "api" {
  pool_id = openstack_lb_pool_v2.api.id

  member {
    name          = "a"
    address       = "10.92.0.20"
    protocol_port = 8080
    subnet_id     = openstack_networking_subnet_v2.inside.id
  }

  member {
    name          = "b"
    address       = "10.92.0.21"
    protocol_port = 8080
    weight        = 0
  }
}

resource "openstack_lb_l7policy_v2" "api" {
  name             = "api"
  listener_id      = openstack_lb_listener_v2.http.id
  action           = "REDIRECT_TO_POOL"
  redirect_pool_id = openstack_lb_pool_v2.api.id
  position         = 1
}

resource "openstack_lb_l7rule_v2" "path" {
  l7policy_id  = openstack_lb_l7policy_v2.api.id
  type         = "PATH"
  compare_type = "STARTS_WITH"
  value        = "/api"
}

resource "openstack_lb_l7rule_v2" "host" {
  l7policy_id  = openstack_lb_l7policy_v2.api.id
  type         = "HOST_NAME"
  compare_type = "ENDS_WITH"
  value        = ".internal.example"
  invert       = true
}

resource "openstack_lb_l7policy_v2" "moved" {
  name               = "moved"
  listener_id        = openstack_lb_listener_v2.http.id
  action             = "REDIRECT_PREFIX"
  redirect_prefix    = "https://www.example.com"
  redirect_http_code = 308
  position           = 2

  depends_on = [openstack_lb_l7policy_v2.api]
}

resource "openstack_lb_l7rule_v2" "cookie" {
  l7policy_id  = openstack_lb_l7policy_v2.moved.id
  type         = "COOKIE"
  compare_type = "EQUAL_TO"
  key          = "old"
  value        = "yes"
}

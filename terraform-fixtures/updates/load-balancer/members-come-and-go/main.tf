terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "web" {
  type    = map(string)
  default = { a = "10.94.0.20", b = "10.94.0.21" }
}

variable "api" {
  type    = map(number)
  default = { "10.94.0.30" = 1, "10.94.0.31" = 1 }
}

variable "path" {
  type    = string
  default = "/"
}

resource "openstack_networking_network_v2" "inside" {
  name = "scaled"
}

resource "openstack_networking_subnet_v2" "inside" {
  name       = "scaled"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.94.0.0/24"
}

resource "openstack_lb_loadbalancer_v2" "front" {
  name          = "scaled"
  vip_subnet_id = openstack_networking_subnet_v2.inside.id
}

resource "openstack_lb_listener_v2" "http" {
  name            = "http"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "HTTP"
  protocol_port   = 80
  default_pool_id = openstack_lb_pool_v2.web.id
}

resource "openstack_lb_pool_v2" "web" {
  name            = "web"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "HTTP"
  lb_method       = "ROUND_ROBIN"
}

resource "openstack_lb_monitor_v2" "web" {
  pool_id     = openstack_lb_pool_v2.web.id
  type        = "HTTP"
  url_path    = var.path
  delay       = 10
  timeout     = 5
  max_retries = 3
}

resource "openstack_lb_member_v2" "web" {
  for_each      = var.web
  name          = each.key
  pool_id       = openstack_lb_pool_v2.web.id
  subnet_id     = openstack_networking_subnet_v2.inside.id
  address       = each.value
  protocol_port = 8080
}

resource "openstack_lb_pool_v2" "api" {
  name            = "api"
  loadbalancer_id = openstack_lb_loadbalancer_v2.front.id
  protocol        = "HTTP"
  lb_method       = "SOURCE_IP"
}

resource "openstack_lb_members_v2" "api" {
  pool_id = openstack_lb_pool_v2.api.id

  dynamic "member" {
    for_each = var.api
    content {
      address       = member.key
      weight        = member.value
      protocol_port = 8080
      subnet_id     = openstack_networking_subnet_v2.inside.id
    }
  }
}

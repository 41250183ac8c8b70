terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "inside" {
  name = "web"
}

resource "openstack_networking_subnet_v2" "inside" {
  name       = "web"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.91.0.0/24"
}

resource "openstack_networking_secgroup_v2" "web" {
  name = "web"
}

resource "openstack_networking_secgroup_rule_v2" "web" {
  security_group_id = openstack_networking_secgroup_v2.web.id
  direction         = "ingress"
  ethertype         = "IPv4"
  protocol          = "tcp"
  port_range_min    = 80
  port_range_max    = 80
}

resource "openstack_lb_loadbalancer_v2" "web" {
  name               = "web"
  description        = "In front of the web servers"
  vip_subnet_id      = openstack_networking_subnet_v2.inside.id
  vip_address        = "10.91.0.10"
  security_group_ids = [openstack_networking_secgroup_v2.web.id]
  tags               = ["tier", "web"]
}

resource "openstack_lb_listener_v2" "http" {
  name                = "http"
  loadbalancer_id     = openstack_lb_loadbalancer_v2.web.id
  protocol            = "HTTP"
  protocol_port       = 80
  connection_limit    = 2000
  timeout_client_data = 60000

  insert_headers = {
    X-Forwarded-For  = "true"
    X-Forwarded-Port = "true"
  }
}

resource "openstack_lb_pool_v2" "web" {
  name        = "web"
  listener_id = openstack_lb_listener_v2.http.id
  protocol    = "HTTP"
  lb_method   = "ROUND_ROBIN"

  persistence {
    type        = "APP_COOKIE"
    cookie_name = "session"
  }
}

resource "openstack_lb_member_v2" "web" {
  count         = 3
  name          = "web-${count.index}"
  pool_id       = openstack_lb_pool_v2.web.id
  subnet_id     = openstack_networking_subnet_v2.inside.id
  address       = cidrhost(openstack_networking_subnet_v2.inside.cidr, 20 + count.index)
  protocol_port = 8080
  weight        = count.index == 2 ? 5 : 10
  backup        = count.index == 2
}

resource "openstack_lb_monitor_v2" "web" {
  name           = "web"
  pool_id        = openstack_lb_pool_v2.web.id
  type           = "HTTP"
  url_path       = "/health"
  expected_codes = "200,204"
  delay          = 10
  timeout        = 5
  max_retries    = 3
}

data "openstack_lb_loadbalancer_v2" "web" {
  name = openstack_lb_loadbalancer_v2.web.name

  depends_on = [openstack_lb_monitor_v2.web]
}

data "openstack_lb_listener_v2" "http" {
  listener_id = openstack_lb_listener_v2.http.id
}

data "openstack_lb_pool_v2" "web" {
  pool_id = openstack_lb_pool_v2.web.id

  depends_on = [openstack_lb_member_v2.web]
}

output "vip_address" {
  value = data.openstack_lb_loadbalancer_v2.web.vip_address
}

output "protocol_port" {
  value = data.openstack_lb_listener_v2.http.protocol_port
}

output "lb_method" {
  value = data.openstack_lb_pool_v2.web.lb_method
}

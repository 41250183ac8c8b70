terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_networking_network_v2" "guarded" {
  name = "guarded"
}

resource "openstack_networking_subnet_v2" "guarded" {
  name       = "guarded"
  network_id = openstack_networking_network_v2.guarded.id
  cidr       = "10.36.0.0/24"
}

resource "openstack_networking_router_v2" "guard" {
  name = "guard"
}

resource "openstack_networking_router_interface_v2" "guard" {
  router_id = openstack_networking_router_v2.guard.id
  subnet_id = openstack_networking_subnet_v2.guarded.id
}

variable "web" {
  type    = string
  default = "allow"
}

resource "openstack_fw_rule_v2" "ssh" {
  name             = "ssh"
  action           = "allow"
  protocol         = "tcp"
  destination_port = "22"
}

resource "openstack_fw_rule_v2" "web" {
  name              = "web"
  action            = var.web
  protocol          = "tcp"
  source_ip_address = "198.51.100.0/24"
  destination_port  = "8000:8080"
}

resource "openstack_fw_rule_v2" "rest" {
  name    = "rest"
  action  = "reject"
  enabled = true
}

resource "openstack_fw_policy_v2" "in" {
  name  = "in"
  rules = [openstack_fw_rule_v2.ssh.id, openstack_fw_rule_v2.web.id, openstack_fw_rule_v2.rest.id]
}

resource "openstack_fw_group_v2" "guard" {
  name                       = "guard"
  ingress_firewall_policy_id = openstack_fw_policy_v2.in.id
  ports                      = [openstack_networking_router_interface_v2.guard.port_id]
}

output "status" {
  value = openstack_fw_group_v2.guard.status
}

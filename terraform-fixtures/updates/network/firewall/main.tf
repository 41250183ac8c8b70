terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "web" {
  type    = string
  default = "allow"
}

variable "order" {
  type    = list(string)
  default = ["ssh", "rest"]
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

locals {
  rules = {
    ssh  = openstack_fw_rule_v2.ssh.id
    web  = openstack_fw_rule_v2.web.id
    rest = openstack_fw_rule_v2.rest.id
  }
}

resource "openstack_fw_policy_v2" "in" {
  name  = "in"
  rules = [for name in var.order : local.rules[name]]
}

resource "openstack_fw_group_v2" "guard" {
  name                       = "guard"
  ingress_firewall_policy_id = openstack_fw_policy_v2.in.id
}

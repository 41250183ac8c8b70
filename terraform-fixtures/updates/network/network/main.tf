terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "name" {
  type    = string
  default = "before"
}

variable "name_servers" {
  type    = list(string)
  default = []
}

variable "last_address" {
  type    = string
  default = "10.60.0.99"
}

resource "openstack_networking_network_v2" "changing" {
  name           = var.name
  description    = "named ${var.name}"
  admin_state_up = var.name == "before"
  tags           = ["common", var.name]
}

resource "openstack_networking_subnet_v2" "changing" {
  name            = var.name
  network_id      = openstack_networking_network_v2.changing.id
  cidr            = "10.60.0.0/24"
  dns_nameservers = var.name_servers
  tags            = [var.name]

  allocation_pool {
    start = "10.60.0.10"
    end   = var.last_address
  }
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "names" {
  type    = set(string)
  default = ["one", "two"]
}

variable "cidr" {
  type    = string
  default = "10.80.0.0/24"
}

resource "openstack_networking_network_v2" "each" {
  for_each = var.names
  name     = "lifecycle-${each.key}"
}

resource "openstack_networking_network_v2" "network" {
  name = "lifecycle"
}

resource "openstack_networking_subnet_v2" "subnet" {
  name            = "lifecycle"
  network_id      = openstack_networking_network_v2.network.id
  cidr            = var.cidr
  dns_nameservers = ["192.0.2.53"]

  lifecycle {
    create_before_destroy = true
  }
}

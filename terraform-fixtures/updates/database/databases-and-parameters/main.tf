terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "databases" {
  type    = set(string)
  default = ["orders", "stock"]
}

variable "group" {
  type    = string
  default = "quiet"
}

data "openstack_networking_network_v2" "private" {
  name = "private"
}

resource "openstack_db_configuration_v1" "parameters" {
  for_each    = { quiet = 20, busy = 200 }
  name        = each.key
  description = "for ${each.value} clients"

  datastore {
    type    = "mysql"
    version = "8.0.32"
  }

  configuration {
    name  = "max_connections"
    value = each.value
  }
}

resource "openstack_db_instance_v1" "shop" {
  name             = "shop"
  flavor_id        = "1"
  size             = 2
  volume_type      = "lvmdriver-1"
  configuration_id = openstack_db_configuration_v1.parameters[var.group].id

  datastore {
    type    = "mysql"
    version = "8.0.32"
  }

  network {
    uuid = data.openstack_networking_network_v2.private.id
  }
}

resource "openstack_db_database_v1" "one" {
  for_each    = var.databases
  name        = each.key
  instance_id = openstack_db_instance_v1.shop.id
}

resource "openstack_db_user_v1" "anna" {
  name        = "anna"
  instance_id = openstack_db_instance_v1.shop.id
  password    = "secret"
  databases   = [openstack_db_database_v1.one["orders"].name]
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

data "openstack_networking_network_v2" "private" {
  name = "private"
}

data "openstack_compute_flavor_v2" "tiny" {
  name = "m1.tiny"
}

resource "openstack_db_configuration_v1" "parameters" {
  name        = "busy"
  description = "for many clients"

  datastore {
    type    = "mysql"
    version = "8.0.32"
  }

  configuration {
    name  = "max_connections"
    value = 200
  }
}

resource "openstack_db_instance_v1" "shop" {
  name             = "shop"
  flavor_id        = data.openstack_compute_flavor_v2.tiny.id
  size             = 2
  volume_type      = "lvmdriver-1"
  configuration_id = openstack_db_configuration_v1.parameters.id

  datastore {
    type    = "mysql"
    version = "8.0.32"
  }

  network {
    uuid = data.openstack_networking_network_v2.private.id
  }

  database {
    name    = "orders"
    charset = "utf8mb3"
    collate = "utf8mb3_general_ci"
  }

  user {
    name      = "anna"
    password  = "secret"
    host      = "%"
    databases = ["orders"]
  }
}

resource "openstack_db_database_v1" "stock" {
  name        = "stock"
  instance_id = openstack_db_instance_v1.shop.id
}

resource "openstack_db_user_v1" "bert" {
  name        = "bert"
  instance_id = openstack_db_instance_v1.shop.id
  password    = "secret"
  databases   = [openstack_db_database_v1.stock.name]
}

output "address" {
  value = openstack_db_instance_v1.shop.addresses[0]
}

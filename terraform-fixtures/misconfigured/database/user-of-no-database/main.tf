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

resource "openstack_db_instance_v1" "shop" {
  name        = "shop"
  flavor_id   = "1"
  size        = 2
  volume_type = "lvmdriver-1"

  datastore {
    type    = "mysql"
    version = "8.0.32"
  }

  network {
    uuid = data.openstack_networking_network_v2.private.id
  }

  database {
    name = "orders"
  }

  user {
    name      = "anna"
    password  = "secret"
    databases = ["stock"]
  }
}

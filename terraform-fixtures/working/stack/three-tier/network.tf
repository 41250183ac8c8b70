resource "openstack_networking_network_v2" "front" {
  name           = "three-tier-front"
  admin_state_up = true
}

resource "openstack_networking_network_v2" "back" {
  name           = "three-tier-back"
  admin_state_up = true
}

resource "openstack_networking_subnet_v2" "front" {
  name            = "three-tier-front"
  network_id      = openstack_networking_network_v2.front.id
  cidr            = "10.20.1.0/24"
  dns_nameservers = ["192.0.2.53"]
}

resource "openstack_networking_subnet_v2" "back" {
  name       = "three-tier-back"
  network_id = openstack_networking_network_v2.back.id
  cidr       = "10.20.2.0/24"

  allocation_pool {
    start = "10.20.2.10"
    end   = "10.20.2.99"
  }
}

resource "openstack_networking_router_v2" "edge" {
  name                = "three-tier-edge"
  external_network_id = data.openstack_networking_network_v2.external.id
}

resource "openstack_networking_router_interface_v2" "front" {
  router_id = openstack_networking_router_v2.edge.id
  subnet_id = openstack_networking_subnet_v2.front.id
}

resource "openstack_networking_router_interface_v2" "back" {
  router_id = openstack_networking_router_v2.edge.id
  subnet_id = openstack_networking_subnet_v2.back.id
}

resource "openstack_networking_port_v2" "web" {
  name               = "three-tier-web"
  network_id         = openstack_networking_network_v2.front.id
  security_group_ids = [openstack_networking_secgroup_v2.web.id]

  fixed_ip {
    subnet_id  = openstack_networking_subnet_v2.front.id
    ip_address = "10.20.1.20"
  }
}

resource "openstack_networking_port_v2" "application" {
  name               = "three-tier-application"
  network_id         = openstack_networking_network_v2.back.id
  security_group_ids = [openstack_networking_secgroup_v2.application.id]

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.back.id
  }
}

resource "openstack_networking_port_v2" "database" {
  name               = "three-tier-database"
  network_id         = openstack_networking_network_v2.back.id
  security_group_ids = [openstack_networking_secgroup_v2.database.id]

  fixed_ip {
    subnet_id = openstack_networking_subnet_v2.back.id
  }
}

resource "openstack_networking_floatingip_v2" "web" {
  pool        = var.external_network
  description = "three-tier web"
}

resource "openstack_networking_floatingip_v2" "application" {
  pool = var.external_network
}

resource "openstack_networking_floatingip_associate_v2" "web" {
  floating_ip = openstack_networking_floatingip_v2.web.address
  port_id     = openstack_networking_port_v2.web.id

  depends_on = [openstack_networking_router_interface_v2.front]
}

resource "openstack_networking_floatingip_associate_v2" "application" {
  floating_ip = openstack_networking_floatingip_v2.application.address
  port_id     = openstack_networking_port_v2.application.id

  depends_on = [openstack_networking_router_interface_v2.back]
}

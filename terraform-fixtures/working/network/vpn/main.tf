terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

data "openstack_networking_network_v2" "external" {
  name     = "public"
  external = true
}

resource "openstack_networking_network_v2" "inside" {
  name = "inside"
}

resource "openstack_networking_subnet_v2" "inside" {
  name       = "inside"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.37.0.0/24"
}

resource "openstack_networking_router_v2" "edge" {
  name                = "edge"
  external_network_id = data.openstack_networking_network_v2.external.id
}

resource "openstack_networking_router_interface_v2" "edge" {
  router_id = openstack_networking_router_v2.edge.id
  subnet_id = openstack_networking_subnet_v2.inside.id
}

resource "openstack_vpnaas_ike_policy_v2" "site" {
  name        = "site"
  ike_version = "v2"
  pfs         = "group14"

  lifetime {
    units = "seconds"
    value = 7200
  }
}

resource "openstack_vpnaas_ipsec_policy_v2" "site" {
  name                 = "site"
  auth_algorithm       = "sha256"
  encryption_algorithm = "aes-256"
  pfs                  = "group14"
}

resource "openstack_vpnaas_service_v2" "site" {
  name      = "site"
  router_id = openstack_networking_router_v2.edge.id

  depends_on = [openstack_networking_router_interface_v2.edge]
}

resource "openstack_vpnaas_endpoint_group_v2" "here" {
  name      = "here"
  type      = "subnet"
  endpoints = [openstack_networking_subnet_v2.inside.id]
}

resource "openstack_vpnaas_endpoint_group_v2" "there" {
  name      = "there"
  type      = "cidr"
  endpoints = ["10.38.0.0/24", "10.39.0.0/24"]
}

resource "openstack_vpnaas_site_connection_v2" "site" {
  name              = "site"
  vpnservice_id     = openstack_vpnaas_service_v2.site.id
  ikepolicy_id      = openstack_vpnaas_ike_policy_v2.site.id
  ipsecpolicy_id    = openstack_vpnaas_ipsec_policy_v2.site.id
  local_ep_group_id = openstack_vpnaas_endpoint_group_v2.here.id
  peer_ep_group_id  = openstack_vpnaas_endpoint_group_v2.there.id
  peer_address      = "203.0.113.7"
  peer_id           = "203.0.113.7"
  psk               = "not-a-secret"

  dpd {
    action   = "restart"
    interval = 20
    timeout  = 60
  }
}

output "tunnel_address" {
  value = openstack_vpnaas_service_v2.site.external_v4_ip
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_lb_flavorprofile_v2" "pair" {
  name          = "pair"
  provider_name = "amphora"
  flavor_data   = jsonencode({ loadbalancer_topology = "ACTIVE_STANDBY" })
}

resource "openstack_lb_flavor_v2" "pair" {
  name              = "pair"
  description       = "Two amphorae"
  flavor_profile_id = openstack_lb_flavorprofile_v2.pair.id
}

resource "openstack_identity_project_v3" "team" {
  name = "team"
}

resource "openstack_lb_quota_v2" "team" {
  project_id     = openstack_identity_project_v3.team.id
  loadbalancer   = 2
  listener       = 4
  pool           = 4
  member         = 20
  health_monitor = 4
  l7_policy      = 5
  l7_rule        = 6
}

data "openstack_lb_flavorprofile_v2" "pair" {
  name = openstack_lb_flavorprofile_v2.pair.name
}

data "openstack_lb_flavor_v2" "pair" {
  name = openstack_lb_flavor_v2.pair.name
}

data "openstack_loadbalancer_flavor_v2" "pair" {
  name = openstack_lb_flavor_v2.pair.name
}

resource "openstack_lb_loadbalancer_v2" "pair" {
  name           = "pair"
  flavor_id      = data.openstack_lb_flavor_v2.pair.id
  vip_network_id = openstack_networking_subnet_v2.inside.network_id
}

resource "openstack_networking_network_v2" "inside" {
  name = "offers"
}

resource "openstack_networking_subnet_v2" "inside" {
  name       = "offers"
  network_id = openstack_networking_network_v2.inside.id
  cidr       = "10.93.0.0/24"
}

output "same" {
  value = data.openstack_loadbalancer_flavor_v2.pair.id == data.openstack_lb_flavor_v2.pair.id ? "yes" : "no"
}

output "provider" {
  value = data.openstack_lb_flavorprofile_v2.pair.provider_name
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

data "openstack_images_image_ids_v2" "cirros" {
  name_regex = "(?i)cirros"
  sort       = "name:asc"
}

resource "openstack_identity_project_v3" "tenant" {
  name = "operator-tenant"
}

resource "openstack_compute_quotaset_v2" "tenant" {
  project_id = openstack_identity_project_v3.tenant.id
  instances  = 7
  cores      = 14
  ram        = 7168
}

resource "openstack_compute_keypair_v2" "operator" {
  name       = "operator-key"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMKBh2GK8uCv/ze+F4ygTw4X7CmEUOgsQWwq5K9mxDNF conformance"
}

resource "openstack_compute_servergroup_v2" "operator" {
  name     = "operator"
  policies = ["soft-affinity"]
}

resource "openstack_networking_network_v2" "operator" {
  name = "operator"
}

resource "openstack_networking_subnet_v2" "operator" {
  name       = "operator"
  network_id = openstack_networking_network_v2.operator.id
  cidr       = "10.60.0.0/24"
}

resource "openstack_compute_instance_v2" "server" {
  name        = "operator"
  image_id    = data.openstack_images_image_ids_v2.cirros.ids[0]
  flavor_name = "m1.tiny"
  key_pair    = openstack_compute_keypair_v2.operator.name

  network {
    uuid = openstack_networking_subnet_v2.operator.network_id
  }

  scheduler_hints {
    group = openstack_compute_servergroup_v2.operator.id
  }
}

resource "openstack_networking_port_v2" "second" {
  name       = "operator-second"
  network_id = openstack_networking_network_v2.operator.id

  fixed_ip {
    subnet_id  = openstack_networking_subnet_v2.operator.id
    ip_address = "10.60.0.77"
  }
}

resource "openstack_compute_interface_attach_v2" "second" {
  instance_id = openstack_compute_instance_v2.server.id
  port_id     = openstack_networking_port_v2.second.id
}

resource "openstack_compute_aggregate_v2" "operator" {
  name  = "operator"
  hosts = [openstack_compute_instance_v2.server.hypervisor_hostname]

  metadata = {
    ssd = "true"
  }
}

data "openstack_compute_availability_zones_v2" "all" {}

data "openstack_compute_flavor_v2" "tiny" {
  name = "m1.tiny"
}

data "openstack_compute_keypair_v2" "operator" {
  name = openstack_compute_keypair_v2.operator.name
}

data "openstack_compute_servergroup_v2" "operator" {
  name = openstack_compute_servergroup_v2.operator.name
}

data "openstack_compute_aggregate_v2" "operator" {
  name = openstack_compute_aggregate_v2.operator.name
}

data "openstack_compute_hypervisor_v2" "host" {
  hostname = openstack_compute_instance_v2.server.hypervisor_hostname
}

data "openstack_compute_instance_v2" "server" {
  id = openstack_compute_instance_v2.server.id
}

data "openstack_compute_quotaset_v2" "tenant" {
  project_id = openstack_compute_quotaset_v2.tenant.project_id
}

data "openstack_compute_limits_v2" "tenant" {
  project_id = openstack_compute_quotaset_v2.tenant.project_id
}

output "found" {
  value = join(" ", [
    data.openstack_compute_flavor_v2.tiny.name,
    data.openstack_compute_servergroup_v2.operator.name,
    data.openstack_compute_keypair_v2.operator.name,
    data.openstack_compute_instance_v2.server.name,
  ])
}

output "quota" {
  value = "${openstack_compute_quotaset_v2.tenant.instances} ${data.openstack_compute_quotaset_v2.tenant.instances}"
}

output "zones" {
  value = join(" ", data.openstack_compute_availability_zones_v2.all.names)
}

output "hypervisor" {
  value = "${data.openstack_compute_hypervisor_v2.host.state} ${data.openstack_compute_hypervisor_v2.host.status}"
}

output "limits" {
  value = data.openstack_compute_limits_v2.tenant.max_total_instances
}

output "address" {
  value = openstack_compute_interface_attach_v2.second.fixed_ip
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "description" {
  default = "Of the office"
}

variable "services" {
  default = ["ldap"]
}

variable "size" {
  default = 1
}

resource "openstack_networking_network_v2" "storage" {
  name = "storage"
}

resource "openstack_networking_subnet_v2" "storage" {
  network_id = openstack_networking_network_v2.storage.id
  cidr       = "192.0.2.0/24"
}

resource "openstack_sharedfilesystem_securityservice_v2" "service" {
  for_each = toset(["ldap", "kerberos"])
  name     = "office-${each.key}"
  type     = each.key
  dns_ip   = "192.0.2.10"
}

resource "openstack_sharedfilesystem_sharenetwork_v2" "office" {
  name                 = "office"
  description          = var.description
  neutron_net_id       = openstack_networking_network_v2.storage.id
  neutron_subnet_id    = openstack_networking_subnet_v2.storage.id
  security_service_ids = [for name in var.services : openstack_sharedfilesystem_securityservice_v2.service[name].id]
}

resource "openstack_sharedfilesystem_share_v2" "documents" {
  name        = "documents"
  share_proto = "NFS"
  size        = var.size
  share_type  = "dhss_false"
}

output "services" {
  value = length(openstack_sharedfilesystem_sharenetwork_v2.office.security_service_ids)
}

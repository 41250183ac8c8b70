terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_sharedfilesystem_share_v2" "documents" {
  name        = "documents"
  description = "What all of the office reads"
  share_proto = "NFS"
  size        = 2
  share_type  = "dhss_false"
  metadata = {
    owner = "office"
  }
}

# The office writes, its guests read.
resource "openstack_sharedfilesystem_share_access_v2" "rule" {
  for_each     = { "192.0.2.0/24" = "rw", "198.51.100.7" = "ro" }
  share_id     = openstack_sharedfilesystem_share_v2.documents.id
  access_type  = "ip"
  access_to    = each.key
  access_level = each.value
}

data "openstack_sharedfilesystem_availability_zones_v2" "zones" {}

data "openstack_sharedfilesystem_share_v2" "documents" {
  name       = openstack_sharedfilesystem_share_v2.documents.name
  depends_on = [openstack_sharedfilesystem_share_access_v2.rule]
}

output "paths" {
  value = length(openstack_sharedfilesystem_share_v2.documents.export_locations)
}

output "zone" {
  value = contains(data.openstack_sharedfilesystem_availability_zones_v2.zones.names, openstack_sharedfilesystem_share_v2.documents.availability_zone) ? "yes" : "no"
}

output "found" {
  value = data.openstack_sharedfilesystem_share_v2.documents.id == openstack_sharedfilesystem_share_v2.documents.id ? "yes" : "no"
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "snapshot" {
  description = "Whether there is a snapshot to look up."
  type        = bool
  default     = false
}

resource "openstack_identity_project_v3" "tenant" {
  name = "snapshot-tenant"
}

resource "openstack_blockstorage_quotaset_v3" "tenant" {
  project_id = openstack_identity_project_v3.tenant.id
  volumes    = 3
  gigabytes  = 30
}

resource "openstack_blockstorage_volume_v3" "volume" {
  name = "snapshot-volume"
  size = 1
}

resource "openstack_blockstorage_volume_v3" "attached" {
  name = "snapshot-attached"
  size = 1
}

resource "openstack_blockstorage_volume_attach_v3" "attached" {
  volume_id  = openstack_blockstorage_volume_v3.attached.id
  device     = "auto"
  host_name  = "backup.example"
  ip_address = "192.0.2.10"
  initiator  = "iqn.1993-08.org.debian:01:e9861fb1859"
  os_type    = "linux2"
  platform   = "x86_64"
}

data "openstack_blockstorage_snapshot_v3" "snapshot" {
  count = var.snapshot ? 1 : 0
  name  = "snapshot"
}

resource "openstack_blockstorage_volume_v3" "restored" {
  count       = var.snapshot ? 1 : 0
  name        = "snapshot-restored"
  size        = 1
  snapshot_id = data.openstack_blockstorage_snapshot_v3.snapshot[0].id
}

data "openstack_blockstorage_volume_v3" "volume" {
  name = openstack_blockstorage_volume_v3.volume.name
}

data "openstack_blockstorage_quotaset_v3" "tenant" {
  project_id = openstack_blockstorage_quotaset_v3.tenant.project_id
}

data "openstack_blockstorage_availability_zones_v3" "all" {}

output "found" {
  value = join(" ", [
    data.openstack_blockstorage_volume_v3.volume.size,
    data.openstack_blockstorage_volume_v3.volume.name,
    join(" ", data.openstack_blockstorage_availability_zones_v3.all.names),
  ])
}

output "quota" {
  value = join(" ", [
    openstack_blockstorage_quotaset_v3.tenant.volumes,
    data.openstack_blockstorage_quotaset_v3.tenant.volumes,
  ])
}

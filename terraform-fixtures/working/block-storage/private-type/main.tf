terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_identity_project_v3" "paying" {
  name = "paying"
}

resource "openstack_blockstorage_qos_v3" "fast" {
  name     = "fast"
  consumer = "front-end"

  specs = {
    read_iops_sec = "20000"
  }
}

resource "openstack_blockstorage_volume_type_v3" "fast" {
  name        = "fast"
  description = "For those who pay"
  is_public   = false

  extra_specs = {
    volume_backend_name = "lvmdriver-1"
  }
}

resource "openstack_blockstorage_qos_association_v3" "fast" {
  qos_id         = openstack_blockstorage_qos_v3.fast.id
  volume_type_id = openstack_blockstorage_volume_type_v3.fast.id
}

resource "openstack_blockstorage_volume_type_access_v3" "paying" {
  project_id     = openstack_identity_project_v3.paying.id
  volume_type_id = openstack_blockstorage_volume_type_v3.fast.id
}

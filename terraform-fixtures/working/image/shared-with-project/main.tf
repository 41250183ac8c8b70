terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

data "openstack_identity_auth_scope_v3" "own" {
  name = "own"
}

resource "openstack_identity_project_v3" "other" {
  name = "image-other"
}

resource "openstack_images_image_v2" "shared" {
  name             = "shared"
  local_file_path  = "${path.module}/disk.raw"
  container_format = "bare"
  disk_format      = "raw"
  visibility       = "shared"
}

resource "openstack_images_image_access_v2" "own" {
  image_id  = openstack_images_image_v2.shared.id
  member_id = data.openstack_identity_auth_scope_v3.own.project_id
}

resource "openstack_images_image_access_v2" "other" {
  image_id  = openstack_images_image_v2.shared.id
  member_id = openstack_identity_project_v3.other.id
}

resource "openstack_images_image_access_accept_v2" "own" {
  image_id  = openstack_images_image_access_v2.own.image_id
  member_id = openstack_images_image_access_v2.own.member_id
  status    = "accepted"
}

output "status" {
  value = join(" ", [
    openstack_images_image_access_accept_v2.own.status,
    openstack_images_image_access_v2.other.status,
  ])
}

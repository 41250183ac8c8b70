resource "openstack_blockstorage_volume_v3" "database_root" {
  name     = "three-tier-database-root"
  size     = 1
  image_id = openstack_images_image_v2.server.id
}

resource "openstack_blockstorage_volume_v3" "data" {
  name        = "three-tier-data"
  description = "What the database keeps"
  size        = 2

  metadata = {
    backup = "daily"
  }
}

resource "openstack_compute_volume_attach_v2" "data" {
  instance_id = openstack_compute_instance_v2.database.id
  volume_id   = openstack_blockstorage_volume_v3.data.id
}

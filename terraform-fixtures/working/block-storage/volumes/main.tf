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

resource "openstack_blockstorage_volume_v3" "blank" {
  name        = "blank"
  description = "Nothing on it"
  size        = 1

  metadata = {
    owner = "conformance"
  }
}

resource "openstack_blockstorage_volume_v3" "imaged" {
  name     = "imaged"
  size     = 2
  image_id = data.openstack_images_image_ids_v2.cirros.ids[0]
}

resource "openstack_blockstorage_volume_v3" "clone" {
  name          = "clone"
  size          = 2
  source_vol_id = openstack_blockstorage_volume_v3.blank.id
}

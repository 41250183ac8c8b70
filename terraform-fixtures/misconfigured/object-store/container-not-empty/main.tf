terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "container" {
  type    = bool
  default = true
}

variable "object" {
  type    = bool
  default = false
}

resource "openstack_objectstorage_container_v1" "wrong" {
  count = var.container ? 1 : 0
  name  = "still-used"
}

# The container is named by a text, so that the object stays when the container goes; `depends_on` is for
# the destroy of both, which would otherwise race.
resource "openstack_objectstorage_object_v1" "forgotten" {
  count          = var.object ? 1 : 0
  container_name = "still-used"
  name           = "forgotten"
  content        = "something"
  depends_on     = [openstack_objectstorage_container_v1.wrong]
}

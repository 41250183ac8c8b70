terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "password" {
  type    = string
  default = "first"
}

resource "openstack_keymanager_secret_v1" "password" {
  name                 = "database"
  secret_type          = "passphrase"
  payload              = var.password
  payload_content_type = "text/plain"

  lifecycle {
    create_before_destroy = true
  }
}

resource "openstack_keymanager_container_v1" "database" {
  name = "database"
  type = "generic"

  secret_refs {
    name       = "password"
    secret_ref = openstack_keymanager_secret_v1.password.secret_ref
  }
}

output "payload" {
  value     = openstack_keymanager_secret_v1.password.payload
  sensitive = true
}

terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }

  # Bucket, keys and endpoint come from outside: -backend-config=bucket=... and the variables of AWS's tools.
  backend "s3" {
    key                         = "state/terraform.tfstate"
    region                      = "us-east-1"
    use_lockfile                = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
  }
}

resource "openstack_objectstorage_container_v1" "artifacts" {
  name = "artifacts"

  metadata = {
    owner = "team"
  }
}

resource "openstack_objectstorage_object_v1" "notes" {
  container_name = openstack_objectstorage_container_v1.artifacts.name
  name           = "release/notes.txt"
  content        = "first\n"
}

output "etag" {
  value = openstack_objectstorage_object_v1.notes.etag
}

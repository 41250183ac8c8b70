terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_objectstorage_account_v1" "own" {
  metadata = {
    Temp-Url-Key = "a long key"
    Owner        = "team"
  }
}

resource "openstack_objectstorage_container_v1" "reports" {
  name          = "reports"
  force_destroy = true
  depends_on    = [openstack_objectstorage_account_v1.own]
}

resource "openstack_objectstorage_object_v1" "report" {
  container_name = openstack_objectstorage_container_v1.reports.name
  name           = "2026/november.txt"
  content        = "all is well"
}

resource "openstack_objectstorage_tempurl_v1" "report" {
  container = openstack_objectstorage_container_v1.reports.name
  object    = openstack_objectstorage_object_v1.report.name
  method    = "get"
  ttl       = 3600
}

output "link" {
  value     = openstack_objectstorage_tempurl_v1.report.url
  sensitive = true
}

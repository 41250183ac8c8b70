terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_objectstorage_container_v1" "site" {
  name           = "site"
  container_read = ".r:*,.rlistings"
  metadata = {
    Web-Index = "index.html"
    Web-Error = "error.html"
  }
}

locals {
  pages = {
    "index.html"          = "<h1>Welcome</h1>"
    "404error.html"       = "<h1>Not here</h1>"
    "articles/first.html" = "<p>An article</p>"
  }
}

resource "openstack_objectstorage_object_v1" "page" {
  for_each       = local.pages
  container_name = openstack_objectstorage_container_v1.site.name
  name           = each.key
  content        = each.value
  content_type   = "text/html"
  metadata       = { section = dirname(each.key) }
}

resource "openstack_objectstorage_object_v1" "copy" {
  container_name = openstack_objectstorage_container_v1.site.name
  name           = "articles/index.html"
  copy_from      = "${openstack_objectstorage_container_v1.site.name}/${openstack_objectstorage_object_v1.page["articles/first.html"].name}"
}

output "etag" {
  value = openstack_objectstorage_object_v1.page["index.html"].etag
}

output "copied" {
  value = openstack_objectstorage_object_v1.copy.content_length
}

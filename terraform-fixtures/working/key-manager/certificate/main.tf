terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_keymanager_secret_v1" "certificate" {
  name                 = "certificate"
  secret_type          = "certificate"
  payload              = "the certificate"
  payload_content_type = "text/plain"

  metadata = {
    purpose = "web"
  }
}

resource "openstack_keymanager_secret_v1" "private_key" {
  name                     = "private-key"
  secret_type              = "private"
  algorithm                = "rsa"
  bit_length               = 2048
  payload                  = base64encode("the private key")
  payload_content_type     = "application/octet-stream"
  payload_content_encoding = "base64"
  expiration               = "2040-01-01T00:00:00Z"

  acl {
    read {
      project_access = true
    }
  }
}

resource "openstack_keymanager_container_v1" "web" {
  name = "web"
  type = "certificate"

  secret_refs {
    name       = "certificate"
    secret_ref = openstack_keymanager_secret_v1.certificate.secret_ref
  }

  secret_refs {
    name       = "private_key"
    secret_ref = openstack_keymanager_secret_v1.private_key.secret_ref
  }
}

resource "openstack_keymanager_order_v1" "pair" {
  type = "asymmetric"

  meta {
    name       = "pair"
    algorithm  = "rsa"
    bit_length = 2048
    mode       = "cbc"
  }
}

data "openstack_keymanager_secret_v1" "certificate" {
  name = openstack_keymanager_secret_v1.certificate.name
}

data "openstack_keymanager_container_v1" "web" {
  name = openstack_keymanager_container_v1.web.name
}

output "payload" {
  value     = data.openstack_keymanager_secret_v1.certificate.payload
  sensitive = true
}

output "parts" {
  value = join(",", sort([for ref in data.openstack_keymanager_container_v1.web.secret_refs : ref.name]))
}

output "order" {
  value = openstack_keymanager_order_v1.pair.status
}

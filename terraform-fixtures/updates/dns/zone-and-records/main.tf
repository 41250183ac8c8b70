terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

variable "ttl" {
  type    = number
  default = 3600
}

variable "addresses" {
  type    = list(string)
  default = ["192.0.2.1"]
}

variable "mail" {
  type    = string
  default = "10 mail.changing.example."
}

variable "alias" {
  type    = string
  default = "old"
}

resource "openstack_dns_zone_v2" "zone" {
  name        = "changing.example."
  email       = "hostmaster@changing.example"
  description = "TTL ${var.ttl}"
  ttl         = var.ttl
}

resource "openstack_dns_recordset_v2" "address" {
  zone_id     = openstack_dns_zone_v2.zone.id
  name        = "www.changing.example."
  description = "The web"
  type        = "A"
  ttl         = var.ttl
  records     = var.addresses
}

resource "openstack_dns_recordset_v2" "mail" {
  zone_id = openstack_dns_zone_v2.zone.id
  name    = "changing.example."
  type    = "MX"
  records = [var.mail]
}

resource "openstack_dns_recordset_v2" "alias" {
  zone_id = openstack_dns_zone_v2.zone.id
  name    = "${var.alias}.changing.example."
  type    = "CNAME"
  records = [openstack_dns_recordset_v2.address.name]
}

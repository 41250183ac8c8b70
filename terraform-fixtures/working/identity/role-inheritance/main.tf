terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

data "openstack_identity_role_v3" "reader" {
  name = "reader"
}

resource "openstack_identity_project_v3" "parent" {
  name = "parent"
}

resource "openstack_identity_project_v3" "child" {
  name      = "child"
  parent_id = openstack_identity_project_v3.parent.id
}

resource "openstack_identity_user_v3" "auditor" {
  name     = "auditor"
  password = "not-a-secret"
}

resource "openstack_identity_inherit_role_assignment_v3" "auditor" {
  user_id    = openstack_identity_user_v3.auditor.id
  project_id = openstack_identity_project_v3.parent.id
  role_id    = data.openstack_identity_role_v3.reader.id
}

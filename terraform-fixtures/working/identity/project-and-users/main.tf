terraform {
  required_providers {
    openstack = {
      source  = "terraform-provider-openstack/openstack"
      version = "~> 3.4"
    }
  }
}

resource "openstack_identity_project_v3" "project" {
  name        = "team"
  description = "The team's project"
  tags        = ["team"]
}

resource "openstack_identity_role_v3" "operator" {
  name = "team-operator"
}

resource "openstack_identity_user_v3" "member" {
  name               = "team-member"
  description        = "Works in the team"
  password           = "correct-horse"
  default_project_id = openstack_identity_project_v3.project.id
  enabled            = true
}

resource "openstack_identity_group_v3" "team" {
  name        = "team"
  description = "Everybody in the team"
}

resource "openstack_identity_user_membership_v3" "member" {
  user_id  = openstack_identity_user_v3.member.id
  group_id = openstack_identity_group_v3.team.id
}

resource "openstack_identity_role_assignment_v3" "user" {
  user_id    = openstack_identity_user_v3.member.id
  project_id = openstack_identity_project_v3.project.id
  role_id    = openstack_identity_role_v3.operator.id
}

resource "openstack_identity_role_assignment_v3" "group" {
  group_id   = openstack_identity_group_v3.team.id
  project_id = openstack_identity_project_v3.project.id
  role_id    = openstack_identity_role_v3.operator.id
}

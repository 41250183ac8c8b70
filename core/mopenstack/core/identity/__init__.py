"""Keystone: users, projects, roles, tokens and the catalog of services."""

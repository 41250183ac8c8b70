"""Roles and their assignments (keystone.assignment)."""

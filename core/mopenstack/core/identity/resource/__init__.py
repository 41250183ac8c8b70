"""Domains and projects (keystone.resource)."""

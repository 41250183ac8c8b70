"""Users and groups (keystone.identity)."""

"""Credentials (keystone.credential)."""

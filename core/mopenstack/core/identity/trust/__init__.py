"""Trusts (keystone.trust)."""

"""Unified limits (keystone.limit)."""

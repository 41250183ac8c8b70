"""The catalog (keystone.catalog), and policies and filters of its endpoints."""

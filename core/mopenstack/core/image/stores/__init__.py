"""Stores, the cache and usage."""

"""Volumes and all that happens to them."""

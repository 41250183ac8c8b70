"""Servers and all that happens to them."""

"""Magnum: clusters, what they are made of, and their certificates."""

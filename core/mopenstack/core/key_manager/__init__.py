"""Barbican: secrets, containers, orders of keys."""

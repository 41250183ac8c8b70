"""Pools with their members and health monitors."""

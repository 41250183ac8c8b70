"""Containers and the lists of their objects."""

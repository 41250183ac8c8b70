"""Flavors, their access lists and extra specs."""

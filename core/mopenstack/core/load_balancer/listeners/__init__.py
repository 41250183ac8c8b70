"""Listeners: what they take, their TLS containers."""

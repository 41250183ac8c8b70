"""Agents and what they host."""

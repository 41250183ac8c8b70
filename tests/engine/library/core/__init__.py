"""The library's core."""

"""Recorded exchanges with clouds: taken by a proxy, written down without secrets, replayed and compared."""

"""Share networks, security services and share servers."""

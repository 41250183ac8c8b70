"""Nova's metadata API."""

"""Images, their members, bytes and imports."""

"""L7 policies and their rules."""

"""mopenstack's own service: what tests do to a cloud from outside of it."""

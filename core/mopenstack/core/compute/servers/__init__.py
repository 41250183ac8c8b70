"""Servers: create, actions, migrations, scheduling, and what servers have of other services."""

"""Heat: stacks of resources of all other services, from templates."""

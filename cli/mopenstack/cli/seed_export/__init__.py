"""A seed written from what a cloud shows: one that runs here, or a real one."""

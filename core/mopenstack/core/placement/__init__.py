"""Placement: providers of resources, who consumes them, and where there is room."""

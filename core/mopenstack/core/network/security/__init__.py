"""Security groups, address groups and packet logs."""

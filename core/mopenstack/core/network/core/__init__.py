"""Networks, subnets, ports and their addresses."""

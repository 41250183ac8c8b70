"""The machines behind load balancers."""

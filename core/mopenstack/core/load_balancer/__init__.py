"""The Load Balancer service (Octavia): a folder for each part of a load balancer."""

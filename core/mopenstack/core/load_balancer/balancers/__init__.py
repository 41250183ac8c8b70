"""Load balancers: their VIPs, states, statistics and the trees below them."""

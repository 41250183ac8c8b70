"""Swift: accounts, containers, objects, and what its middleware makes of them."""

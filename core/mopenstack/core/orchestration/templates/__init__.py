"""Templates, environments and parameters: what a stack is made of."""

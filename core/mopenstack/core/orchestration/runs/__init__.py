"""What a stack does: plans, and walks over its resources."""

"""Share types and QoS types."""

"""QoS policies and rules."""

"""Volume types, extra specs, encryption and QoS specs."""

flavor      = "m1.small"
name        = "after"
power_state = "shutoff"

flavor = "m1.small"
name   = "after"

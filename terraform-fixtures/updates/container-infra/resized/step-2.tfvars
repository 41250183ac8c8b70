nodes = 3
most  = 5

size = 3
name = "after"

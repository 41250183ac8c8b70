server = 1

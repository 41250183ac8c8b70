object = true

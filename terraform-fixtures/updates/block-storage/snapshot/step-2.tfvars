snapshot = true

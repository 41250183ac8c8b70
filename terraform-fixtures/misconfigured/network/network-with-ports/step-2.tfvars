port = true

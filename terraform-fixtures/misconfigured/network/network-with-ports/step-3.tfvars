network = false
port    = true

pool = false

way = "token"

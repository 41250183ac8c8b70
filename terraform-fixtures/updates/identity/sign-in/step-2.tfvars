way = "application-credential"

description = "Of the office and its guests"
services    = ["kerberos", "ldap"]
size        = 3

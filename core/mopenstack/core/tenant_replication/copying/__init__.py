"""A tenant of one cloud made anew in another, by the REST APIs of both.

accounts.py    clouds, and who asks there
reading.py     what a tenant has
rules.py       what becomes of it: the bodies of what is made
networking.py  networks, subnets, routers, ports made
groups.py      security groups with their rules made
tenants.py     the project with its user and quotas made; the whole copy
"""

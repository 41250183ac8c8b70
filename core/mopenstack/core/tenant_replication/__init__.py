"""Tenant replication: migrations of tenants between clouds.

copying/        reads a tenant by the APIs of its cloud, and makes it anew by those of another one
offerings.py    the clouds that tenants may be copied to and from
lending.py      who asks there in the name of this service
migrations.py   migrations, orders, offerings as they are asked for
checks.py       what is refused
running.py      a migration that runs
"""

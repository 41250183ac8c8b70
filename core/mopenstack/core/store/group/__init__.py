"""One PostgreSQL that the processes of a group have for themselves, so that each may keep what it read.

The processes run on one machine and share some memory (`memory.py`). What one of them commits it tells there before it
acknowledges it, and each looks there before it answers: that costs no round trip. `store.py` is the store of one of
them, `session.py` a transaction, all writes of which go to the server in one statement (`statement.py`).
"""

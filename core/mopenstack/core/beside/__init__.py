"""One or some services beside real ones: callers by a real Keystone, other services by its catalog.

A call is run as usual, in one transaction. What it needs from elsewhere ends it (`Needed`): the transaction is let go,
the question is asked, and the call is made again with the answer (`Replay`), as it is for services that are not loaded.
"""

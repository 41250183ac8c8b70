"""Other clouds' services as the core asks for them: a real Keystone, and what stands in its catalog, over HTTP.

There is one client for all of them: the contract says verb, path and body of every operation, so a request message is
written as the HTTP request that would have been read as it, and an answer is read as the response message.
"""

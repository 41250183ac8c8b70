"""The gateway: OpenStack's HTTP translated to the contract's RPCs. It holds no state and no rules.

app.py        one HTTP request: the visible order of steps
surface.py    the descriptors compiled to routes
router.py     a trie over path segments
codec/        JSON <-> messages, compiled from the descriptors, per microversion
dialects/     what differs between services: errors, pages, queries, version documents
hooks/        only what no annotation can say
remote.py     the core behind grpc.aio instead of in this process
openapi/      all of it as an OpenAPI document, made when it is asked for
documented_operations.py  what OpenStack documents and mopenstack does not serve yet (501)
"""

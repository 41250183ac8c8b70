"""The engine: the order of steps of every call. It holds no OpenStack noun.

engine.py      one call: token -> declared rules -> target -> policy -> handler, in one transaction
call.py        what a handler is given: caller, transaction, clock, ids, the other servicers
servicer.py    create, show, list, update and delete for any resource; a resource adds small hooks
lifecycle.py   the table of a resource's actions: from-states, to-state, time, completion
validation.py  what the contract says a value must be
policy.py      oslo.policy's check strings, compiled
quota.py       units per project, right under parallel calls
quota_sets.py  the operations that show and set limits of projects
documents.py   JSON documents of the REST APIs as messages, and back
clouds.py      isolated clouds in one process: their clock, ids, profile and faults
server.py      the same operations over grpc.aio, with health
reflection.py  what gRPC clients learn of the contract, comments included
"""

"""The VM lifecycle API: servers as virtual machines.

states.py    the table of states and actions, and what a server is as a VM
machines.py  what the API asks of the cloud behind it
servers.py   the cloud that serves the API itself, by nested calls of Nova's RPCs
real.py      any other cloud, by openstacksdk; front.py puts the API in front of it
vms.py       the operations
limits.py    how often a user may ask
"""

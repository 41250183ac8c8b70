"""Drives the real `openstack` command line: the daily work of one user, from the token to the tear-down.

shell.py      the command line, and what a case is
basics.py     tokens, images, networks, volumes, servers
further.py    load balancers, zones, secrets, objects
workflows.py  workflows, executions, triggers
stacks.py     stacks, templates, software configurations
run.py        runs the cases, and tears down what they made
"""

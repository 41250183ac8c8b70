"""Nova's refusals about servers: one class a reason, in Nova's words.

Sources: nova/exception.py and the controllers of nova/api/openstack/compute; the texts are those that
release 2026.1 answered.
"""

from __future__ import annotations


# -- states


# -- create and rebuild


# -- scheduling


# -- networks


# -- metadata, tags, lists

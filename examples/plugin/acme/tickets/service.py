"""The support desk: tickets of projects, and comments on them."""

from mopenstack.contract.service import Service

SERVICE = Service(
    name="tickets",
    contract="acme.tickets.v1",
    core="acme.tickets.core",
    seed="acme.tickets:seed.yaml",
    needs=("identity",),
)

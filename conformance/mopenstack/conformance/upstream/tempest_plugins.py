"""Tempest's plugins by the projects of Keystone, Neutron and Cinder: their tests of APIs and of who may do what.

The plugins' scenario tests are no cases: they log in to guests, or need an identity provider beside the cloud.
"""

from functools import partial

from mopenstack.conformance.model import Result
from mopenstack.conformance.options import Options
from mopenstack.conformance.upstream import tempest
from mopenstack.conformance.upstream.runner import run_suite
from mopenstack.conformance.upstream.suite import Suite


def _plugin(name: str, service: str, packages: list[str], options: list[str]) -> Suite:
    """A plugin's suite; its part of the configuration is `data/<name>.conf`."""
    return Suite(
        name=name,
        tool=name,
        packages=packages,
        service_of=lambda test: service,
        prepare=partial(tempest.prepare, plugin=name),
        listing=tempest.listing,
        options=options,
    )


KEYSTONE = _plugin(
    "keystone-tempest-plugin",
    "identity",
    ["keystone_tempest_plugin.tests.api", "keystone_tempest_plugin.tests.rbac"],
    [],
)
NEUTRON = _plugin(
    "neutron-tempest-plugin",
    "network",
    [
        "neutron_tempest_plugin.api",
        "neutron_tempest_plugin.bgpvpn.api",
        "neutron_tempest_plugin.fwaas.api",
        "neutron_tempest_plugin.neutron_dynamic_routing.api",
        "neutron_tempest_plugin.sfc.tests.api",
        "neutron_tempest_plugin.tap_as_a_service.api",
        "neutron_tempest_plugin.vpnaas.api",
    ],
    # As the plugin's own gate configures Neutron: ranges of segmentation ids are of VXLAN, classes of tests keep all of
    # their routers, floating IPs and groups to the end, and the DHCP agents have ports.
    [
        "network.dhcp_port=dhcp",
        "network.project_network_type=vxlan",
        "network.quotas=router=100,floatingip=500,security_group=150,security_group_rule=1000",
    ],
)
CINDER = _plugin(
    "cinder-tempest-plugin",
    "block-storage",
    ["cinder_tempest_plugin.api", "cinder_tempest_plugin.rbac"],
    [],
)


def run_keystone(options: Options) -> list[Result]:
    """The verdicts on the tests asked for."""
    return run_suite(KEYSTONE, options)


def run_neutron(options: Options) -> list[Result]:
    """The verdicts on the tests asked for."""
    return run_suite(NEUTRON, options)


def run_cinder(options: Options) -> list[Result]:
    """The verdicts on the tests asked for."""
    return run_suite(CINDER, options)

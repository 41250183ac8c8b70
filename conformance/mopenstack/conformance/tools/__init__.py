"""The tools that judge a cloud: how each is found, and how it is made where it is missing.

One module a tool. A tool that cannot be had is reported as missing with what to do about it, and its cases are
*not run*, never *passed*.
"""

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.tools.browser_tool import BrowserTool
from mopenstack.conformance.tools.chromium import Chromedriver, Chromium
from mopenstack.conformance.tools.cloud_init import CloudInit
from mopenstack.conformance.tools.gophercloud import Gophercloud
from mopenstack.conformance.tools.helm import Helm
from mopenstack.conformance.tools.horizon import Horizon
from mopenstack.conformance.tools.model import Tool, ToolStatus
from mopenstack.conformance.tools.node import Node
from mopenstack.conformance.tools.opentofu import OpenTofu
from mopenstack.conformance.tools.provider import Provider, ProviderAcceptance, provider_of
from mopenstack.conformance.tools.python_tools import PythonTool, SourceTool
from mopenstack.conformance.tools.terraform import Terraform

__all__ = [
    "TEMPEST_PLUGINS",
    "TOOLS",
    "Chromedriver",
    "Chromium",
    "CloudInit",
    "Gophercloud",
    "Helm",
    "Horizon",
    "Node",
    "OpenTofu",
    "Provider",
    "ProviderAcceptance",
    "PythonTool",
    "SourceTool",
    "Terraform",
    "Tool",
    "ToolStatus",
    "get_tool",
    "provider_of",
]

TEMPEST_PLUGINS = (
    "keystone",
    "neutron",
    "cinder",
    "octavia",
    "barbican",
    "designate",
    "magnum",
    "manila",
    "heat",
    "mistral",
)
"""Projects whose plugins of Tempest are run."""

_PACKAGED_AS = {"mistral": "mistral-tempest-tests"}
"""Projects whose plugin has another name on PyPI."""

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Terraform(),
        Provider(),
        ProviderAcceptance(),
        Chromium(),
        Chromedriver(),
        CloudInit(),
        Gophercloud(),
        Node(),
        OpenTofu(),
        provider_of("opentofu"),
        Helm(),
        PythonTool(
            name="openstackclient",
            description="the `openstack` command line",
            executable="openstack",
            distribution="python-openstackclient",
        ),
        PythonTool(
            name="openstacksdk",
            description="the Python SDK",
            executable="python",
            distribution="openstacksdk",
        ),
        PythonTool(
            name="tempest",
            description="OpenStack's own integration tests",
            executable="tempest",
            distribution="tempest",
        ),
        *(
            PythonTool(
                name=f"{project}-tempest-plugin",
                description=f"{project.capitalize()}'s plugin of Tempest",
                executable="tempest",
                distribution=_PACKAGED_AS.get(project, f"{project}-tempest-plugin"),
            )
            for project in TEMPEST_PLUGINS
        ),
        *(
            SourceTool(
                name=name,
                description=f"the functional tests of {name.capitalize()}'s source",
                executable="python",
                distribution=name,
                sources=(name,),
            )
            for name in ("swift", "barbican")
        ),
        SourceTool(
            name="python-clients",
            description="the `openstack` command line with the clients of all services that are served",
            executable="openstack",
            distribution="python-openstackclient",
            sources=("python-barbicanclient", "python-swiftclient"),
        ),
        *(
            PythonTool(
                name=name,
                description=f"a real {name.capitalize()}, which services run beside",
                executable="gunicorn",
                distribution=name,
            )
            for name in ("keystone", "glance")
        ),
        SourceTool(
            name="rally",
            description="Rally with its scenarios of OpenStack, and the tasks of their gate",
            executable="rally",
            distribution="rally-openstack",
            sources=("rally-openstack",),
        ),
        PythonTool(
            name="ansible",
            description="Ansible with the collection openstack.cloud",
            executable="ansible-playbook",
            distribution="ansible",
        ),
        Horizon(),
        BrowserTool(
            name="skyline",
            description="the dashboard Skyline, its API and its console",
            executable="alembic",
            distribution="skyline-apiserver",
        ),
    )
}


def get_tool(name: str) -> Tool:
    """A tool by its name; an unknown one is an error that lists what there is."""
    if name not in TOOLS:
        raise ConformanceError(f"unknown tool {name!r}; there are {', '.join(TOOLS)}")
    return TOOLS[name]

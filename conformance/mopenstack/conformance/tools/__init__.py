"""The tools that judge a cloud: how each is found, and how it is made where it is missing.

One module a tool. A tool that cannot be had is reported as missing with what to do about it, and its cases are
*not run*, never *passed*.
"""

from mopenstack.conformance.errors import ConformanceError
from mopenstack.conformance.tools.chromium import Chromium
from mopenstack.conformance.tools.gophercloud import Gophercloud
from mopenstack.conformance.tools.model import Tool, ToolStatus
from mopenstack.conformance.tools.opentofu import OpenTofu
from mopenstack.conformance.tools.provider import Provider, ProviderAcceptance, provider_of
from mopenstack.conformance.tools.python_tools import PythonTool
from mopenstack.conformance.tools.terraform import Terraform

__all__ = [
    "TOOLS",
    "Gophercloud",
    "OpenTofu",
    "Provider",
    "ProviderAcceptance",
    "PythonTool",
    "Terraform",
    "Tool",
    "ToolStatus",
    "get_tool",
    "provider_of",
]

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Terraform(),
        Provider(),
        ProviderAcceptance(),
        Chromium(),
        Gophercloud(),
        OpenTofu(),
        provider_of("opentofu"),
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
                distribution=f"{project}-tempest-plugin",
            )
            for project in ("keystone", "neutron", "cinder")
        ),
        PythonTool(
            name="ansible",
            description="Ansible with the collection openstack.cloud",
            executable="ansible-playbook",
            distribution="ansible",
        ),
    )
}


def get_tool(name: str) -> Tool:
    """A tool by its name; an unknown one is an error that lists what there is."""
    if name not in TOOLS:
        raise ConformanceError(f"unknown tool {name!r}; there are {', '.join(TOOLS)}")
    return TOOLS[name]

"""Suites that OpenStack's projects wrote, unpatched: Tempest, and the functional tests of the CLI and of the SDK.

driver.py           runs inside the tool's own environment: lists tests, runs them, tells each verdict
suite.py            what a suite is: its tests, the cloud and configuration that they need
runner.py           shards a suite over clouds
tempest.py, tempest_plugins.py, openstackclient.py, sdk.py   the suites
ansible.py, playbook_driver.py   playbooks of our own that use Ansible's collection for OpenStack
"""

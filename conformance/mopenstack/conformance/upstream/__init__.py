"""Suites that OpenStack's projects wrote, unpatched: Tempest, and functional tests of services and of clients.

driver.py           runs inside the tool's own environment: lists tests, runs them, tells each verdict
suite.py            what a suite is: its tests, the cloud and configuration that they need
runner.py           shards a suite over clouds
accounts.py         projects, users and roles that the authors of a suite have in their clouds
tempest.py, tempest_plugins.py, openstackclient.py, sdk.py, swift.py, barbican.py, python_clients.py   the suites
ansible.py, playbook_driver.py   playbooks of our own that use Ansible's collection for OpenStack
"""

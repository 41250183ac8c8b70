"""Run by the Python of the tool cloud-init: what its data sources read, as JSON.

Arguments: `service` and the address of the metadata, or `drive` and a folder; and the MAC addresses of the guest's
interfaces, as JSON: address -> name.
"""

import json
import sys

from cloudinit.sources.DataSourceConfigDrive import read_config_drive
from cloudinit.sources.DataSourceOpenStack import read_metadata_service
from cloudinit.sources.helpers.ec2 import get_instance_metadata
from cloudinit.sources.helpers.openstack import convert_net_json

kind, place, macs = sys.argv[1:]
found = (read_config_drive if kind == "drive" else read_metadata_service)(place)
data = {key: value for key, value in found["metadata"].items() if key != "random_seed"}
told = {
    "version": found["version"],
    "metadata": data,
    "user_data": found["userdata"].decode(),
    "vendordata": found["vendordata"],
    "vendordata2": found["vendordata2"],
    "network": convert_net_json(found["networkdata"], known_macs=json.loads(macs)),
    # The data source asks 169.254.169.254 for these, whatever its own address is.
    "ec2": found["ec2-metadata"] if kind == "drive" else get_instance_metadata(metadata_address=place),
}
print(json.dumps(told, sort_keys=True))

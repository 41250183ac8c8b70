"""Nova's refusals about the block devices of servers, in Nova's words. Source: nova/exception.py."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, NotFound


class BothMappings(BadRequest):
    message = "Using different block_device_mapping syntaxes is not allowed in the same request."


class BadMapping(BadRequest):
    message = "Block Device Mapping is Invalid: {details}"


class RootDeviceTaken(BadRequest):
    message = "The volume cannot be assigned the same device name as the root device {device}"


class BadBootSequence(BadRequest):
    message = (
        "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping "
        "combination is not valid."
    )


class ImageSizeMissing(BadRequest):
    message = "Images with destination_type 'volume' need to have a non-zero size specified"


class BlankSizeMissing(BadRequest):
    message = "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size"


class MappedImageNotFound(BadRequest):
    message = "Block Device Mapping is Invalid: failed to get image {id}."


class MappedVolumeNotFound(BadRequest):
    message = "Block Device Mapping is Invalid: failed to get volume {id}."


class MappedSnapshotNotFound(BadRequest):
    message = "Block Device Mapping is Invalid: failed to get snapshot {id}."


class VolumeNotBootable(BadRequest):
    message = "Block Device {id} is not bootable."


class VolumeTypeNotFound(BadRequest):
    message = "Volume type {name} could not be found."


class InvalidVolume(BadRequest):
    message = "Invalid volume: {reason}"


class MultiattachTooOld(BadRequest):
    message = "Multiattach volumes are only supported starting with compute API version 2.60."


class EphemeralTooLarge(BadRequest):
    message = (
        "Ephemeral disks requested are larger than the instance type allows. If no size is given in one block "
        "device mapping, flavor ephemeral size will be used."
    )


class SwapTooLarge(BadRequest):
    message = "Swap drive requested is larger than instance type allows."


class VolumeNotFound(NotFound):
    message = "Volume {id} could not be found."


class NotAttached(NotFound):
    message = "Instance {server} is not attached to volume {id}"


class RootVolume(BadRequest):
    message = "Cannot detach a root device volume"


class DevicePathInUse(Conflict):
    message = "The supplied device path ({path}) is in use."


class NotMigrating(Conflict):
    message = "volume {id} is not migrating; this API should only be called by Cinder"


class NotMutable(BadRequest):
    message = "The {name} property is not mutable"


class NotDetachable(BadRequest):
    """What Cinder answers Nova, which passes it on with all the names that it got on the way."""

    message = (
        "Invalid volume: Invalid input received: Invalid volume: Unable to detach volume. Volume status must be "
        "'in-use' and attach_status must be 'attached' to detach. (HTTP 400) (Request-ID: {request_id})"
    )


class SwapTargetNotFound(BadRequest):
    message = "Volume {id} could not be found."

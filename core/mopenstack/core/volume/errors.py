"""Cinder's refusals, with its own words. Source: cinder/exception.py and the API modules that raise them."""

from __future__ import annotations

from mopenstack.contract.faults import BadRequest, Conflict, NotFound, OverLimit


class VolumeNotFound(NotFound):
    message = "Volume {id} could not be found."


class SnapshotNotFound(NotFound):
    message = "Snapshot {id} could not be found."


class BackupNotFound(NotFound):
    message = "Backup {id} could not be found."


class ImageNotFound(NotFound):
    message = "Image {id} could not be found."


class GroupNotFound(NotFound):
    message = "Group {id} could not be found."


class GroupSnapshotNotFound(NotFound):
    message = "GroupSnapshot {id} could not be found."


class GroupTypeNotFound(NotFound):
    message = "Group type {id} could not be found."


class GroupTypeNotFoundByName(NotFound):
    message = "Group type with name {name} could not be found."


class GroupTypeSpecsNotFound(NotFound):
    message = "Group Type {id} has no specs with key {key}."


class MessageNotFound(NotFound):
    message = "Message {id} could not be found."


class ServiceNotFound(NotFound):
    message = "Service {name} could not be found on host {host}."


class ClusterNotFound(NotFound):
    message = "Cluster {id} could not be found."


class VolumeTypeNotFound(NotFound):
    message = "Volume type {id} could not be found."


class VolumeTypeNotFoundByName(NotFound):
    message = "Volume type with name {name} could not be found."


class VolumeTypeAccessNotFound(NotFound):
    message = "Volume type access not found for {id} / {project_id} combination."


class VolumeTypeExtraSpecsNotFound(NotFound):
    message = "Volume Type {id} has no extra specs with key {key}."


class VolumeTypeEncryptionNotFound(NotFound):
    message = "Volume type encryption for type {id} does not exist."


class ProjectDefaultTypeNotFound(NotFound):
    message = "Default type for project {id} not found."


class QoSSpecsNotFound(NotFound):
    message = "No such QoS spec {id}."


class QoSSpecsKeyNotFound(NotFound):
    message = "QoS spec {id} has no spec with key {key}."


class VolumeMetadataNotFound(NotFound):
    message = "Volume {id} has no metadata with key {key}."


class SnapshotMetadataNotFound(NotFound):
    message = "Snapshot {id} has no metadata with key {key}."


class GlanceMetadataNotFound(NotFound):
    message = "Glance metadata for volume/snapshot {id} cannot be found."


class VolumeAttachmentNotFound(NotFound):
    message = "Volume attachment could not be found with filter: attachment_id = {id}."


class TransferNotFound(NotFound):
    message = "Transfer {id} could not be found."


class InvalidVolume(BadRequest):
    message = "Invalid volume: {why}"


class InvalidSnapshot(BadRequest):
    message = "Invalid snapshot: {why}"


class InvalidBackup(BadRequest):
    message = "Invalid backup: {why}"


class InvalidGroup(BadRequest):
    message = "Invalid Group: {why}"


class InvalidGroupStatus(BadRequest):
    message = "Invalid Group Status: {why}"


class InvalidGroupType(BadRequest):
    message = "Invalid group type: {why}"


class InvalidGroupSnapshot(BadRequest):
    message = "Invalid GroupSnapshot: {why}"


class InvalidGroupSnapshotStatus(BadRequest):
    message = "Invalid GroupSnapshot Status: {why}"


class InvalidHost(BadRequest):
    message = "Invalid host: {why}"


class InvalidInput(BadRequest):
    message = "Invalid input received: {why}"


class InvalidVolumeType(BadRequest):
    message = "Invalid volume type: {why}"


class InvalidQoSSpecs(BadRequest):
    message = "Invalid qos specs: {why}"


class InvalidName(BadRequest):
    message = "An invalid 'name' value was provided. {why}"


class InvalidAuthKey(BadRequest):
    message = "Invalid auth key: {why}"


class InvalidAvailabilityZone(BadRequest):
    message = "Availability zone '{zone}' is invalid."


class InvalidVolumeAttachMode(BadRequest):
    message = "Invalid attaching mode '{mode}' for volume {id}."


class VolumeTypeDefaultDeletion(BadRequest):
    message = "The volume type {id} is a default volume type and cannot be deleted."


class VolumeTypeExists(Conflict):
    message = "Volume Type {id} already exists."


class GroupTypeExists(Conflict):
    message = "Group Type {id} already exists."


class VolumeTypeEncryptionExists(BadRequest):
    message = "Volume type encryption for type {id} already exists."


class VolumeTypeAccessExists(Conflict):
    message = "Volume type access for {id} / {project_id} combination already exists."


class QoSSpecsExists(Conflict):
    message = "QoS Specs {id} already exists."


class InvalidState(Conflict):
    """A wrong state where cinder answers 409 instead of its usual 400 (revert)."""


class ResourceConflict(Conflict):
    message = "Resource conflict: {why}"


# Cinder's last-resort wrapper puts the class's name before the text of these; so they carry it.


class ConflictNovaUsingAttachment(Conflict):
    message = "ConflictNovaUsingAttachment: Detach volume from instance {id} using the Compute API"


class VolumeLimitExceeded(OverLimit):
    message = "VolumeLimitExceeded: Maximum number of volumes allowed ({allowed}) exceeded for quota '{name}'."


class SnapshotLimitExceeded(OverLimit):
    message = "SnapshotLimitExceeded: Maximum number of snapshots allowed ({allowed}) exceeded"


class VolumeSizeExceedsAvailableQuota(OverLimit):
    message = (
        "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed {name} quota. "
        "Requested {requested}G, quota is {quota}G and {consumed}G has been consumed."
    )


class BackupLimitExceeded(OverLimit):
    message = "BackupLimitExceeded: Maximum number of backups allowed ({allowed}) exceeded"


class VolumeBackupSizeExceedsAvailableQuota(OverLimit):
    message = (
        "VolumeBackupSizeExceedsAvailableQuota: Requested backup exceeds allowed Backup gigabytes quota. "
        "Requested {requested}G, quota is {quota}G and {consumed}G has been consumed."
    )


class GroupLimitExceeded(OverLimit):
    message = "GroupLimitExceeded: Maximum number of groups allowed ({allowed}) exceeded"


class VolumeSizeExceedsLimit(OverLimit):
    message = "VolumeSizeExceedsLimit: Requested volume size {size}G is larger than maximum allowed limit {limit}G."


class NoRoute(NotFound):
    """A path that cinder's router does not match: it takes only hexadecimal digits and dashes for a project."""

    message = "The resource could not be found."

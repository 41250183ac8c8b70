"""Cinder: volumes, attachments, types with their encryption and QoS, quotas."""

from __future__ import annotations

from mopenstack.core.orchestration.resource_types.mapped import Row, table
from mopenstack.core.orchestration.resource_types.services import volume_types as types
from mopenstack.core.orchestration.resource_types.services import volumes
from mopenstack.core.orchestration.resource_types.services.quotas import Quota

_V3 = "mopenstack.volume.v3."

TYPES = {
    **table(
        Row(
            "OS::Cinder::Volume",
            _V3 + "Volumes",
            "Volume",
            words={"image": "imageRef", "scheduler_hints": "", "read_only": ""},
            shown={"display_name": "name", "display_description": "description"},
        ),
        kind=volumes.Volume,
    ),
    **table(Row("OS::Cinder::VolumeAttachment", _V3 + "Volumes", "Volume"), kind=volumes.Attachment),
    **table(
        Row(
            "OS::Cinder::VolumeType",
            _V3 + "Types",
            "Type",
            words={"is_public": "os-volume-type-access:is_public", "metadata": "", "projects": ""},
        ),
        kind=types.VolumeType,
    ),
    **table(
        Row(
            "OS::Cinder::EncryptedVolumeType",
            _V3 + "TypeEncryption",
            "TypeEncryption",
            words={"volume_type": ""},
        ),
        kind=types.Encryption,
    ),
    **table(Row("OS::Cinder::QoSSpecs", _V3 + "QosSpecs", "QosSpecs", words={"specs": ""}), kind=types.QosSpecs),
    **table(Row("OS::Cinder::QoSAssociation", _V3 + "QosSpecs", "QosSpecs"), kind=types.QosAssociation),
    **table(
        Row("OS::Cinder::Quota", _V3 + "QuotaSets", "QuotaSet", above=("project",), wrapped="quota_set"), kind=Quota
    ),
}

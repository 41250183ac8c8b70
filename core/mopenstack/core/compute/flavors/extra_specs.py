"""The extra specs that Nova knows, and what their values must be (checked since 2.86).

Source: nova/api/validation/extra_specs/*.py. Names of traits and resource classes are checked by their form:
the standard ones belong to os-traits and os-resource-classes, which grow on their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mopenstack.compute.v2.refusals import ValidationFailed
from mopenstack.core.engine.caller_patterns import caller_pattern

_CPUS = r"\^?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*"
_GROUP = r"([a-zA-Z0-9_-]{1,64})?"
_LEVELS = ("custom", "high", "normal", "low")
_BOOLEANS = frozenset({"1", "t", "true", "on", "y", "yes", "0", "f", "false", "off", "n", "no"})
_INTEGER = re.compile(r"\s*[+-]?\d+\s*")
_RESOURCES = (
    "VCPU|MEMORY_MB|DISK_GB|PCI_DEVICE|SRIOV_NET_VF|NUMA_SOCKET|NUMA_CORE|NUMA_THREAD|NUMA_MEMORY_MB|IPV4_ADDRESS|"
    "VGPU|VGPU_DISPLAY_HEAD|NET_BW_EGR_KILOBIT_PER_SEC|NET_BW_IGR_KILOBIT_PER_SEC|PCPU|MEM_ENCRYPTION_CONTEXT|FPGA|"
    "PGPU|NET_PACKET_RATE_KILOPACKET_PER_SEC|NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC|"
    "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC|CUSTOM_[A-Z0-9_]+"
)
_CAPABILITIES = (
    "id|uuid|service_id|host|vcpus|memory_mb|local_gb|vcpus_used|memory_mb_used|local_gb_used|hypervisor_type|"
    "hypervisor_version|hypervisor_hostname|free_ram_mb|free_disk_gb|current_workload|running_vms|"
    "disk_available_least|host_ip|mapped|cpu_allocation_ratio|ram_allocation_ratio|disk_allocation_ratio|"
    "total_usable_ram_mb|total_usable_disk_gb|disk_mb_used|free_disk_mb|vcpus_total|num_instances|num_io_ops|"
    "failed_builds|aggregates|cell_uuid|updated|"
    r"(cpu_info|metrics|stats|numa_topology|supported_hv_specs|pci_device_pools|nodename|pci_stats|"
    r"supported_instances|limits|instances)(:\w+)*"
)


@dataclass(frozen=True, slots=True)
class _Integer:
    minimum: int | None = None
    maximum: int | None = None

    def check(self, value: str) -> None:
        if _INTEGER.fullmatch(value) is None:
            raise ValidationFailed(f"Validation failed; '{value}' is not a valid integer value.")
        number = int(value)
        if self.maximum is not None and number > self.maximum:
            raise ValidationFailed(f"Validation failed; '{number}' is greater than the max value of '{self.maximum}'.")
        if self.minimum is not None and number < self.minimum:
            raise ValidationFailed(f"Validation failed; '{number}' is less than the min value of '{self.minimum}'.")


@dataclass(frozen=True, slots=True)
class _Boolean:
    def check(self, value: str) -> None:
        if value.strip().lower() not in _BOOLEANS:
            raise ValidationFailed(f"Validation failed; '{value}' is not a valid boolean-like value.")


@dataclass(frozen=True, slots=True)
class _Words:
    words: tuple[str, ...]

    def check(self, value: str) -> None:
        if value not in self.words:
            raise ValidationFailed(f"Validation failed; '{value}' is not one of: {', '.join(self.words)}.")


@dataclass(frozen=True, slots=True)
class _Text:
    pattern: str = ""

    def check(self, value: str) -> None:
        if self.pattern and not caller_pattern(self.pattern).fullmatch(value):
            raise ValidationFailed(f"Validation failed; '{value}' is not of the format '{self.pattern}'.")


_Check = _Integer | _Boolean | _Words | _Text

# Names are regular expressions, matched as a whole.
_KNOWN: tuple[tuple[str, _Check], ...] = (
    ("accel:device_profile", _Text()),
    ("aggregate_instance_extra_specs:.+", _Text()),
    (f"capabilities:({_CAPABILITIES})", _Text()),
    (
        (
            "hw:(cpu_realtime|hide_hypervisor_id|locked_memory|boot_menu|vif_multiqueue_enabled|mem_encryption|pmu|"
            "virtio_packed_ring|ephemeral_encryption)"
        ),
        _Boolean(),
    ),
    ("hw:cpu_realtime_mask", _Text(r"(\^)?\d+((-\d+)?(,\^?\d+(-\d+)?)?)*")),
    ("hw:cpu_policy", _Words(("dedicated", "shared", "mixed"))),
    ("hw:cpu_thread_policy", _Words(("prefer", "isolate", "require"))),
    ("hw:emulator_threads_policy", _Words(("isolate", "share"))),
    (r"hw:(cpu_dedicated_mask|numa_cpus.\d+)", _Text(_CPUS)),
    ("hw:mem_page_size", _Text(r"(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)")),
    (
        r"hw:(numa_nodes|numa_mem.\d+|cpu_sockets|cpu_cores|cpu_threads|cpu_max_sockets|cpu_max_cores|cpu_max_threads)",
        _Integer(minimum=1),
    ),
    ("hw:pci_numa_affinity_policy", _Words(("required", "preferred", "legacy", "socket"))),
    ("hw:mem_encryption_model", _Words(("amd-sev", "amd-sev-es"))),
    ("hw:pmem", _Text("([a-zA-Z0-9_]+(,)?)+")),
    ("hw:serial_port_count", _Integer(minimum=0)),
    ("hw:tpm_model", _Words(("tpm-tis", "tpm-crb"))),
    ("hw:tpm_version", _Words(("1.2", "2.0"))),
    ("hw:tpm_secret_security", _Words(("user", "host", "deployment"))),
    ("hw:watchdog_action", _Words(("none", "pause", "poweroff", "reset", "disabled"))),
    ("hw:viommu_model", _Words(("intel", "smmuv3", "virtio", "auto"))),
    ("hw:sound_model", _Words(("sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio"))),
    ("hw:usb_model", _Words(("none", "nec-xhci", "qemu-xhci"))),
    ("hw:redirected_usb_ports", _Integer(minimum=0, maximum=15)),
    ("hw:ephemeral_encryption_format", _Words(("plain", "luks", "luksv2"))),
    ("hw_rng:allowed", _Boolean()),
    ("hw_rng:(rate_bytes|rate_period)", _Integer(minimum=0)),
    ("hw_video:ram_max_mb", _Integer(minimum=0)),
    ("hide_hypervisor_id", _Boolean()),
    ("group_policy", _Words(("isolate", "none"))),
    ("os:secure_boot", _Words(("disabled", "required"))),
    ("pci_passthrough:alias", _Text(r"[^:]+:\d+(?:\s*,\s*[^:]+:\d+)*")),
    ("quota:(cpu|memory|disk_io|vif)_shares_level", _Words(_LEVELS)),
    ("quota:((cpu|memory|disk_io|vif)_reservation|cpu_quota)", _Integer()),
    (
        (
            "quota:((cpu|memory|disk_io|vif)_(limit|shares_share)|cpu_shares|cpu_period|"
            "disk_(read|write|total)_(bytes|iops)_sec|vif_(inbound|outbound)_(average|peak|burst))"
        ),
        _Integer(minimum=0),
    ),
    (f"resources{_GROUP}:({_RESOURCES})", _Integer()),
    (f"trait{_GROUP}:(CUSTOM|HW|COMPUTE|MISC|OWNER|STORAGE)_[A-Z0-9_]+", _Words(("required", "forbidden"))),
    ("vmware:(hw_version|storage_policy)", _Text()),
)
_COMPILED = tuple((re.compile(name), check) for name, check in _KNOWN)
_NAMESPACES = re.compile(
    "accel|aggregate_instance_extra_specs|capabilities|hw|hw_rng|hw_video|os|pci_passthrough|quota|vmware|"
    f"resources{_GROUP}|trait{_GROUP}"
)


def check_extra_spec(name: str, value: str) -> None:
    """Refuse a value that the spec cannot have, and an unknown name in a namespace of Nova's own."""
    for pattern, check in _COMPILED:
        if pattern.fullmatch(name):
            check.check(value)
            return
    namespace, colon, _ = name.partition(":")
    if colon and _NAMESPACES.fullmatch(namespace):
        raise ValidationFailed(f"Validation failed; extra spec '{name}' does not appear to be a valid extra spec.")

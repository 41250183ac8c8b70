output "web_address" {
  value = openstack_networking_floatingip_associate_v2.web.floating_ip
}

output "database_address" {
  value = openstack_compute_instance_v2.database.access_ip_v4
}

output "data_device" {
  value = openstack_compute_volume_attach_v2.data.device
}

name = "after"
properties = {
  os_distro = "alpine"
  brand_new = "yes"
}

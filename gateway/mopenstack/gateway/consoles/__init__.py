"""The proxies of consoles, in the place of nova-novncproxy, nova-serialproxy and nova-spicehtml5proxy."""

# The kernel's own names. A container gets those that are its own: most of net.
sysctl:
  fs.protected_fifos: 2
  fs.protected_hardlinks: 1
  fs.protected_regular: 2
  fs.protected_symlinks: 1
  fs.suid_dumpable: 0
  kernel.dmesg_restrict: 1
  kernel.kptr_restrict: 1
  kernel.unprivileged_bpf_disabled: 1
  net.core.somaxconn: 4096
  net.ipv4.conf.all.accept_redirects: 0
  net.ipv4.conf.all.accept_source_route: 0
  net.ipv4.conf.all.rp_filter: 1
  net.ipv4.conf.all.secure_redirects: 0
  net.ipv4.conf.all.send_redirects: 0
  net.ipv4.conf.default.accept_redirects: 0
  net.ipv4.conf.default.accept_source_route: 0
  net.ipv4.conf.default.rp_filter: 1
  net.ipv4.conf.default.secure_redirects: 0
  net.ipv4.conf.default.send_redirects: 0
  net.ipv4.icmp_echo_ignore_broadcasts: 1
  net.ipv4.tcp_fin_timeout: 30
  # a peer that lost its power is noticed in minutes: connections to the database live for days
  net.ipv4.tcp_keepalive_intvl: 30
  net.ipv4.tcp_keepalive_probes: 5
  net.ipv4.tcp_keepalive_time: 300
  net.ipv4.tcp_max_syn_backlog: 4096
  net.ipv4.tcp_syncookies: 1
  net.ipv6.conf.all.accept_redirects: 0
  net.ipv6.conf.default.accept_redirects: 0
  vm.swappiness: 10

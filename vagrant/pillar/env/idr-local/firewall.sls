# Where Vagrant comes from, as the hosts see it: the master, and the machine itself by VirtualBox's, libvirt's and LXC's
# own network. It wants to log in to each host.
firewall:
  operators:
    - 10.99.0.1/32
    - 10.0.2.2/32
    - 192.168.121.1/32
    - 10.0.3.1/32
  services:
    ssh: {from: [management, operators]}

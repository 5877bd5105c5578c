#!/bin/sh
# A machine for vagrant-lxc, in a network and mount namespace of its own: LXC's bridge with DHCP, its folder, and a way
# to the package cache. Usage: inside.sh FOLDER
set -eu
folder=$1
mkdir -p "$folder/cgroup" "$folder/lxc" "$folder/home"
# LXC looks for its bridge in /sys
mount --rbind /sys/fs/cgroup "$folder/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$folder/cgroup" /sys/fs/cgroup
mount --bind "$folder/lxc" /var/lib/lxc
ip link set lo up
ip link add lxcbr0 type bridge
ip addr add 10.0.3.1/24 dev lxcbr0
ip link set lxcbr0 up
socat TCP-LISTEN:3142,bind=10.0.3.1,reuseaddr,fork "UNIX-CONNECT:$folder/apt.sock" &
touch "$folder/ready"
exec dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --interface=lxcbr0 --bind-interfaces --port=0 \
  --dhcp-range=10.0.3.100,10.0.3.200,12h --dhcp-leasefile="$folder/leases"

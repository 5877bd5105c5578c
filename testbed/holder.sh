#!/bin/sh
# The process that keeps the local cloud's mount namespace: makes the mounts, then waits to be ended.
# What it mounts is seen by nobody outside and goes when the last process inside ends.
# Usage: holder.sh CHECKOUT CACHE   (started in a mount and network namespace of its own)
set -eu
checkout=$1 cache=$2
state=$checkout/.local stage=/run/idr-local/stage

mkdir -p "$stage" && mount -t tmpfs -o mode=755,size=16m tmpfs "$stage"
mkdir "$stage/checkout" "$stage/cache" "$stage/upper" "$stage/work"
mount --bind "$checkout" "$stage/checkout"
mount --bind "$cache" "$stage/cache"

# a mount point for /etc/salt without making one on the machine
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$stage/upper,workdir=$stage/work" /etc
mkdir -p /etc/salt
mount --bind "$state/salt" /etc/salt
mount --bind "$state/cloud/hosts" /etc/hosts

mount -t tmpfs -o mode=755,size=16m tmpfs /srv
mkdir /srv/idr /srv/cache
mount --bind "$stage/checkout" /srv/idr
mount --bind "$stage/cache" /srv/cache
mount --bind /srv/idr/.local/secrets /srv/idr/pillar/secrets
mount -o loop,discard /srv/idr/.local/pool.img /srv/idr/.local/pool

touch /run/idr-local/held
exec sleep infinity

#!/bin/sh
# Make a machine a host of the map: login, volumes, Salt, and its key. Run as root by Vagrant, as often as you like.
# SHARE: nfs or bind, see machines.yaml.
set -eu
seed=/run/idr-seed place=/opt/saltstack/salt
. "$seed/names"
wheels=http://$MASTER:8000/wheels/
export DEBIAN_FRONTEND=noninteractive

hostname "$NAME"
echo "$NAME" >/etc/hostname
install -D -m 0600 -o vagrant -g vagrant "$seed/login.pub" /home/vagrant/.ssh/authorized_keys

install -m 0755 "$seed/idr-volumes" /usr/local/sbin/idr-volumes
install -m 0644 "$seed/idr-volumes.service" /etc/systemd/system/idr-volumes.service
# machines with kernels of their own have only their own
[ "$SHARE" = bind ] || sed -i '/ bind$/d' "$seed/volumes"
cp "$seed/volumes" /etc/idr-volumes
systemctl daemon-reload
[ ! -s /etc/idr-volumes ] || systemctl enable --now idr-volumes.service

if [ ! -x "$place/bin/salt-minion" ] || [ -e "$place.partial" ]; then
  mkdir -p "${place%/*}"
  touch "$place.partial"
  # a machine that has just started may be at its own upgrades
  set -- -qq -o DPkg::Lock::Timeout=300
  apt-get "$@" update
  apt-get "$@" install -y --no-install-recommends ca-certificates curl python3-apt python3-venv
  # the master may be at work on them still, or not up yet
  curl -sf -o /dev/null --retry 360 --retry-delay 10 --retry-all-errors "$wheels.ready"
  python3 -m venv --system-site-packages "$place"
  "$place/bin/pip" install -q --disable-pip-version-check --no-index --find-links "$wheels" \
    --trusted-host "$MASTER" --no-deps -r "$seed/minion.txt"
  rm "$place.partial"
fi
for command in salt-call salt-minion; do ln -sf "$place/bin/$command" /usr/bin/; done

install -d -m 0755 /etc/salt
install -d -m 0700 /etc/salt/pki /etc/salt/pki/minion
if ! cmp -s "$seed/minion.pem" /etc/salt/pki/minion/minion.pem || ! cmp -s "$seed/minion" /etc/salt/minion; then
  systemctl stop salt-minion.service 2>/dev/null || true
fi
install -m 0400 "$seed/minion.pem" /etc/salt/pki/minion/minion.pem
install -m 0644 "$seed/minion.pub" "$seed/minion_master.pub" /etc/salt/pki/minion/
install -m 0644 "$seed/minion" /etc/salt/minion
install -m 0644 "$seed/salt-minion.service" /etc/systemd/system/salt-minion.service
rm -rf "$seed"
systemctl daemon-reload
systemctl enable --now salt-minion.service

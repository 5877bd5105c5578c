#!/bin/sh
# Make a machine the master: login, what hosts install, Salt with the configuration of /srv/idr, and the hosts' keys.
# Run as root by Vagrant, as often as you like. ADDRESS: this machine's in the hosts' network. SHARE: nfs or bind.
set -eu
seed=/run/idr-seed place=/opt/saltstack/salt
export IDR_CACHE=/var/cache/idr-salt PYTHONPATH=/srv/idr:/srv/idr/_utils DEBIAN_FRONTEND=noninteractive
. "$seed/names"

hostname "$NAME"
echo "$NAME" >/etc/hostname
grep -q "[[:space:]]$NAME\$" /etc/hosts || echo "127.0.1.1 $NAME" >>/etc/hosts
install -D -m 0600 -o vagrant -g vagrant "$seed/login.pub" /home/vagrant/.ssh/authorized_keys

# packages for hosts: those of the local cloud, made by the same code
wheels=$IDR_CACHE/wheels
mkdir -p "$wheels" "$IDR_CACHE/releases"
set -- ca-certificates curl python3-venv
ls "$wheels"/zeroc_ice-*.whl >/dev/null 2>&1 || set -- "$@" g++ libbz2-dev libssl-dev python3-dev
missing=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | grep -c ' installed$' || true)
if [ "$missing" != $# ]; then
  apt-get -qq -o DPkg::Lock::Timeout=300 update
  apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
fi
cd /srv/idr
/usr/bin/python3 -c 'from testbed import wheels; wheels.make()'
/usr/bin/python3 testbed/standin_release.py "$IDR_CACHE/releases" >/dev/null

if ! cmp -s requirements/master.txt "$place/master.txt"; then
  python3 -m venv "$place"
  set -- "$place/bin/pip" install -q --disable-pip-version-check --find-links "$wheels" -r requirements/master.txt
  # nobody is asked for what is here
  "$@" --no-index 2>/dev/null || "$@"
  cp requirements/master.txt "$place/master.txt"
fi
for command in salt salt-call salt-cloud salt-key salt-master salt-run; do ln -sf "$place/bin/$command" /usr/bin/; done

# the repository's own configuration, and what differs here
mkdir -p /etc/salt/master.d /etc/salt/cloud.conf.d
for file in /srv/idr/etc/master.d/*.conf; do
  case $file in
    # Hosts that join by themselves while others are not up yet are in the way of the first state.apply: docs/vagrant.md
    */reactor.conf | */schedule.conf) ;;
    *) ln -sf "$file" /etc/salt/master.d/ ;;
  esac
done
ln -sf /srv/idr/etc/cloud.conf.d/*.conf /etc/salt/cloud.conf.d/
[ -e /etc/salt/master ] || echo '# see master.d' >/etc/salt/master
pillar=/etc/salt/pillar
rm -rf "$pillar"
cp -r vagrant/pillar "$pillar"
cp "$seed/login.pub" "$pillar/env/$ENVIRONMENT/login.pub"
[ "$SHARE" != bind ] || rm -f "$pillar/env/$ENVIRONMENT/share.sls"
cat >/etc/salt/master.d/00-vagrant.conf <<END
# written by vagrant/master.sh
interface: $ADDRESS
# Salt appends the lists of later files: what differs from the local cloud comes first, in files of the same names.
pillar_roots: {base: [$pillar, /srv/idr/pillar]}
END

install -d -m 0700 /etc/salt/pki /etc/salt/pki/master
mkdir -p /etc/salt/pki/master/minions
[ -e /etc/salt/pki/master/master.pem ] || {
  install -m 0400 "$seed/master.pem" /etc/salt/pki/master/master.pem
  install -m 0644 "$seed/master.pub" /etc/salt/pki/master/master.pub
}
cp "$seed"/minions/* /etc/salt/pki/master/minions/
rm -rf "$seed"
install -d -m 0700 /srv/idr/pillar/secrets

for unit in salt-master idr-files; do
  sed "s/@ADDRESS@/$ADDRESS/" "vagrant/$unit.service" >"/etc/systemd/system/$unit.service"
done
systemctl disable --now salt-minion.service 2>/dev/null || true
systemctl daemon-reload
touch "$wheels/.ready"
systemctl enable salt-master.service idr-files.service
systemctl restart salt-master.service idr-files.service
# its answer names them without their values; who runs it by hand may want it
salt-run --out=json idr.secrets "$ENVIRONMENT" >/dev/null

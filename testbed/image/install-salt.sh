#!/bin/sh
# Install Salt into an image from the wheel folder alone. Usage: install-salt.sh TREE WHEELS REQUIREMENTS
# Started in a mount namespace of its own: the mounts below go with it.
set -eu
tree=$1 wheels=$2 requirements=$3 place=/opt/saltstack/salt
mkdir -p "$tree/wheels"
mount --bind "$wheels" "$tree/wheels"
mount -t proc proc "$tree/proc"
cp "$requirements" "$tree/requirements.txt"
unset PYTHONDONTWRITEBYTECODE
chroot "$tree" python3 -m venv --system-site-packages "$place"
chroot "$tree" "$place/bin/pip" install -q --disable-pip-version-check --no-index --find-links /wheels --no-deps \
  -r /requirements.txt
rm "$tree/requirements.txt"
umount "$tree/wheels"
rmdir "$tree/wheels"
for command in salt salt-call salt-cloud salt-cp salt-key salt-master salt-minion salt-run salt-ssh; do
  ln -s "$place/bin/$command" "$tree/usr/bin/$command"
done
mkdir -p "$tree/etc/salt/minion.d" "$tree/etc/salt/pki/minion"
chroot "$tree" salt-call --version

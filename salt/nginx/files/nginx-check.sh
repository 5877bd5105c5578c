#!/bin/sh
# Managed by Salt
# nginx-check FILE CANDIDATE: would nginx accept its configuration with CANDIDATE in the place of FILE?
# Works on a copy, so that what nginx does not accept never takes the place of what it does.
set -eu
file=$1
candidate=$2
copy=$(mktemp -d /run/nginx-check.XXXXXX)
trap 'rm -rf "$copy"' EXIT
cp -a /etc/nginx/. "$copy"
mkdir -p "$copy/$(dirname "${file#/etc/nginx/}")"
cp "$candidate" "$copy/${file#/etc/nginx/}"
find "$copy" -type f -name '*.conf' -exec sed -i "s#/etc/nginx/#$copy/#g" {} +
nginx -t -q -c "$copy/nginx.conf"

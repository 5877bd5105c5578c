#!/bin/sh
# Managed by Salt. Keeps which of HAProxy's servers are drained or down, for its next process to begin with. A server
# that is new in the configuration begins as down: HAProxy's own way is to send visitors until three checks have failed.
set -eu
umask 077
file=${1:?file to write}
if [ "${2:-}" = start ]; then
    # Nobody to ask yet: what was kept at the last stop.
    if [ -s "$file" ]; then cat "$file"; else echo 1; fi >"$file.old"
else
    echo 'show servers state' | socat -t 5 - UNIX-CONNECT:/run/haproxy/admin.sock >"$file.old"
    # Without a line for a server the answer was cut short.
    grep -q '^[0-9]* [a-z]' "$file.old"
fi
awk -v leader={{ leader }} '
    NR == FNR { if ($1 == "backend") section = $2; if ($1 == "server" && section == leader) names[++count] = $2; next }
    NF { print; if ($2 == leader) known[$4] = 1 }
    END { for (i = 1; i <= count; i++) if (!(names[i] in known))
        print 0, leader, 0, names[i], "- 0 0 1 1 0 1 0 0 6 0 0 0 - {{ port }} - 0 0 - - 0" }
' /etc/haproxy/haproxy.cfg "$file.old" >"$file.new"
mv "$file.new" "$file"
rm -f "$file.old"

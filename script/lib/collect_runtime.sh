#!/usr/bin/env bash
# Puts a binary, the shared libraries it needs, certificates and an empty data folder below a new root.
# Usage: collect_runtime.sh BINARY ROOT
set -euo pipefail
binary=$1
root=$2
mkdir -p "$root/usr/bin" "$root/etc/ssl/certs" "$root/var/lib/tidegate" "$root/tmp"
cp "$binary" "$root/usr/bin/tidegate"
strip "$root/usr/bin/tidegate"
# Each library at the path under which the loader looks for it, the loader itself included.
ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
# Months of budgets are kept in time zones.
mkdir -p "$root/usr/share"
cp -rL /usr/share/zoneinfo "$root/usr/share/zoneinfo"
rm -rf "$root/usr/share/zoneinfo/posix" "$root/usr/share/zoneinfo/right"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo 'tidegate:x:10001:10001::/var/lib/tidegate:/nonexistent' >"$root/etc/passwd"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
chown -R 10001:10001 "$root/var/lib/tidegate"

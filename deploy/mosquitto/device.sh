#!/bin/sh
# Lets a device in at Mosquitto, or shuts it out. The service keeps a digest of each device's secret, from which no entry of Mosquitto's
# can be made: so the entry is made when the secret is.
#
#   alarmcore token device TENANT/DEVICE | tee /dev/tty | sh device.sh add PASSWORDS TENANT/DEVICE      (the secret is shown once)
#   sh device.sh remove PASSWORDS TENANT/DEVICE         beside `alarmcore token revoke --tenant TENANT device:DEVICE`
#   kill -HUP $(pidof mosquitto)         then it counts; who was removed is cut off
#
# The secret comes on the standard input, so that no list of processes shows it.
set -eu
umask 077

[ $# -eq 3 ] || { echo "usage: device.sh add|remove PASSWORDS TENANT/DEVICE" >&2; exit 2; }
act=$1 passwords=$(readlink -f "$2") user=$3
case $user in
    alarmcore.service) ;;
    *[!a-z0-9_/-]* | */*/* | /* | */) echo "device.sh: $user is no TENANT/DEVICE" >&2; exit 2 ;;
    */*) ;;
    # A user named like a tenant could publish for all of its devices.
    *) echo "device.sh: $user is no TENANT/DEVICE" >&2; exit 2 ;;
esac

new=$(mktemp "$passwords.XXXXXX")
entry=$(mktemp "$passwords.XXXXXX")
trap 'rm -f "$new" "$entry"' EXIT
awk -F: -v user="$user" '$1 != user' "$passwords" >"$new"
case $act in
    add)
        IFS= read -r secret || true
        [ -n "$secret" ] || { echo "device.sh: no secret came on the standard input" >&2; exit 2; }
        printf '%s:%s\n' "$user" "$secret" >"$entry"
        mosquitto_passwd -U "$entry"
        cat "$entry" >>"$new"
        ;;
    remove) ;;
    *) echo "device.sh: say add or remove" >&2; exit 2 ;;
esac
# The broker's user must still be able to read it, and never sees half of it.
chown "$(stat -c %u:%g "$passwords")" "$new"
chmod "$(stat -c %a "$passwords")" "$new"
mv "$new" "$passwords"

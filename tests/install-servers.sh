#!/bin/sh
# Installs the real servers and the browser that the tests start, where this machine lacks them.
# As root on Debian they come by apt; elsewhere each one that is missing is named loudly and its tests are skipped,
# except under CI=true, where the tests fail instead.
set -u

missing=""
need() { command -v "$1" >/dev/null 2>&1 || PATH="$PATH:/usr/sbin" command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }

need mosquitto mosquitto
need mosquitto_pub mosquitto-clients
need openssl openssl
need faketime faketime
need redis-check-rdb redis-tools
need systemd-analyze systemd
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || missing="$missing chromium"
promtool=""
command -v promtool >/dev/null 2>&1 || promtool=promtool
[ -z "$missing$promtool" ] && exit 0

# Of Debian's prometheus only the tool that checks alert rules: the package would start a service and bring 330 MB.
install_promtool() {
    folder=$(mktemp -d) && chmod 755 "$folder" && cd "$folder" &&
        apt-get download -qq prometheus >/dev/null && dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool &&
        install -m 755 promtool /usr/local/bin/promtool && cd / && rm -r "$folder"
}

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing$missing $promtool"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && { [ -z "$missing" ] || apt-get install -y -qq --no-install-recommends $missing >/dev/null; } &&
        { [ -z "$promtool" ] || install_promtool; } && exit 0
fi

echo "##### MISSING:$missing $promtool. The tests that need them are skipped (under CI=true they fail). Install them and run again. #####" >&2
[ "${CI:-}" = true ] && exit 1
exit 0

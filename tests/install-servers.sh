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
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || missing="$missing chromium"
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi

echo "##### MISSING:$missing. The tests that need them are skipped (under CI=true they fail). Install them and run again. #####" >&2
[ "${CI:-}" = true ] && exit 1
exit 0

#!/bin/sh
# Begins `alarmcore` in a container: secrets come as files, since what stands in a container's settings is shown to everybody who may look at it.
#
#   ALARMCORE_DATABASE_FILE=/run/secrets/database_url    becomes ALARMCORE_DATABASE=(what the file says); so for every ALARMCORE_…
#   EXTRA_CA_FILE=/run/secrets/ca.crt                    an authority of one's own is trusted beside those of the system
set -eu

for name in $(env | sed -n 's/^\(ALARMCORE_[A-Z_]*\)_FILE=.*/\1/p'); do
    eval "path=\${${name}_FILE}"
    if [ ! -r "$path" ]; then
        echo "alarmcore: ${name}_FILE names $path, which cannot be read; mount the secret there, readable for user $(id -u)" >&2
        exit 2
    fi
    value=$(cat "$path")
    export "$name=$value"
    unset "${name}_FILE"
done

# The folder that the image names is for whoever has no database.
if [ -n "${ALARMCORE_DATABASE:-}" ] && [ "${ALARMCORE_DATA:-}" = /var/lib/alarmcore ]; then
    unset ALARMCORE_DATA
fi

if [ -n "${EXTRA_CA_FILE:-}" ]; then
    bundle="${TMPDIR:-/tmp}/ca-bundle.pem"
    cat "${SYSTEM_CA_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$EXTRA_CA_FILE" >"$bundle"
    export SSL_CERT_FILE="$bundle"
fi

exec alarmcore "$@"

#!/bin/sh
# Makes what `compose.yaml` needs and nobody must be given: passwords, certificates for trying out, settings. What is there stays.
#
#   sh prepare.sh [DOMAIN]      DOMAIN: where browsers and phones find it (localhost when left out)
set -eu
umask 077
cd "$(dirname "$0")"
domain=${1:-localhost}

mkdir -p secrets sites backups generated
# The image's user puts backups there.
chmod 1777 backups
chmod 755 sites generated

# 256 random bits as hexadecimal digits: nothing in them needs an escape in a URL.
secret() { [ -e "secrets/$1" ] || openssl rand -hex 32 >"secrets/$1"; }
said() { tr -d '\n' <"secrets/$1"; }
write() { [ -e "secrets/$1" ] || printf '%s\n' "$2" >"secrets/$1"; }

for name in postgres_password postgres_owner_password postgres_service_password postgres_backup_password postgres_broker_password \
    redis_password mqtt_password; do
    secret "$name"
done

tls="sslmode=verify-full&sslrootcert=/run/secrets/ca.crt"
write database_owner_url "postgresql://alarmcore_owner:$(said postgres_owner_password)@postgres/alarmcore?$tls"
write database_url "postgresql://alarmcore_service:$(said postgres_service_password)@postgres/alarmcore?$tls"
write database_backup_url "postgresql://alarmcore_backup:$(said postgres_backup_password)@postgres/alarmcore?$tls"
write redis_url "rediss://alarmcore:$(said redis_password)@valkey:6379/0?ca=/run/secrets/ca.crt"
write mqtt_url "mqtts://alarmcore.service:$(said mqtt_password)@mosquitto:8885"
if [ ! -e secrets/redis_users.acl ]; then
    # Valkey takes the password's digest as well as the password.
    digest=$(said redis_password | openssl dgst -sha256 -r | cut -d ' ' -f 1)
    sed "s/SHA256/$digest/" ../redis/users.acl.example >secrets/redis_users.acl
fi

sh ../certificates.sh secrets postgres valkey mosquitto
# The folder is closed to others on this machine; inside a container a secret must be readable for whoever the service runs as.
chmod 700 secrets
chmod 444 secrets/*
# The authority's own key is needed for further names only, and by no container.
chmod 400 secrets/ca.key

# Debian's paths and log are not the container's.
sed -e 's,/etc/mosquitto/passwords$,/var/lib/mosquitto/passwords,' -e 's,/etc/mosquitto/access.acl$,/run/mosquitto/access.acl,' \
    -e 's,/etc/mosquitto/certs/,/run/mosquitto/,' -e 's,^log_dest .*,log_dest stderr,' \
    ../mosquitto/mosquitto.conf ../mosquitto/tls.conf >generated/mosquitto.conf
chmod 644 generated/mosquitto.conf

if [ ! -e .env ]; then
    sed "s/^ALARMCORE_DOMAIN=.*/ALARMCORE_DOMAIN=$domain/" env.example >.env
fi
echo "ready; put site files into $(pwd)/sites, name them in .env (ALARMCORE_SITES), then: docker compose up -d --wait"

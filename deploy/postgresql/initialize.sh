#!/bin/sh
# Makes roles, database and rights on an empty server: run by PostgreSQL's image at its first start, or by hand as the user postgres (docs/deploy.md).
# Passwords come from files in SECRETS, named postgres_{owner,service,backup,broker}_password, and reach psql on its standard input.
set -eu
here=${ALARMCORE_SQL:-/etc/alarmcore/postgresql}
secrets=${SECRETS:-/run/secrets}

{
    for who in owner service backup broker; do
        printf "\\\\set %s_password '%s'\n" "$who" "$(cat "$secrets/postgres_${who}_password")"
    done
    cat "$here/roles.sql"
    echo "CREATE DATABASE alarmcore OWNER alarmcore_owner ENCODING 'UTF8' TEMPLATE template0;"
} | psql -v ON_ERROR_STOP=1 -q -U postgres -d postgres
psql -v ON_ERROR_STOP=1 -q -U postgres -d alarmcore -f "$here/rights.sql"

#!/usr/bin/env bash
# What the PostgreSQL image does at its start, as far as we use it: POSTGRES_PASSWORD or its _FILE, POSTGRES_USER,
# POSTGRES_DB; initdb on an empty volume; passwords by SCRAM over TCP; all addresses.
set -euo pipefail

case $1 in
    postgres) ;;
    -*) set -- postgres "$@" ;;
    *) exec "$@" ;;
esac

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    chmod 700 "$PGDATA"
    chown postgres "$PGDATA"
    chown postgres /var/run/postgresql
    chmod 3777 /var/run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

initialise() {
    local user=${POSTGRES_USER:-postgres} database password
    database=${POSTGRES_DB:-$user}
    password=${POSTGRES_PASSWORD:-$(cat "${POSTGRES_PASSWORD_FILE:?give POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE}")}
    # shellcheck disable=SC2086 - several options in one variable, as in the original
    initdb --username="$user" --pwfile=<(printf '%s\n' "$password") --auth-host=scram-sha-256 --auth-local=trust \
        ${POSTGRES_INITDB_ARGS:-}
    # Nobody else may connect before the database is complete: no TCP until then.
    pg_ctl -D "$PGDATA" -w start -o "-c listen_addresses=''"
    if [ "$database" != postgres ]; then createdb --username="$user" "$database"; fi
    pg_ctl -D "$PGDATA" -m fast -w stop
    printf '\nhost all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    printf "\nlisten_addresses = '*'\n" >>"$PGDATA/postgresql.conf"
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then initialise; fi
exec "$@"

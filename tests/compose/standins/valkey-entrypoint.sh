#!/bin/sh
# What the Valkey image does at its start: options or a file of settings are for valkey-server, which is not run by root.
set -eu
case $1 in
    -* | *.conf) set -- valkey-server "$@" ;;
esac
if [ "$1 $(id -u)" = 'valkey-server 0' ]; then
    chown -R valkey: .
    exec setpriv --reuid=valkey --regid=valkey --clear-groups -- "$@"
fi
exec "$@"

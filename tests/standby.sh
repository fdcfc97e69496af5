#!/usr/bin/env bash
# A synchronous standby of the cluster that tests/services.sh has started, on a free loopback port.
#
#   eval "$(tests/standby.sh start)"   copies the cluster and makes its commits wait for the copy
#   tests/standby.sh pause|resume      the standby ends | and comes back; commits wait meanwhile
#   tests/standby.sh promote           the standby becomes a server of its own
#   tests/standby.sh stop              ends it; before `tests/services.sh stop`, which removes its folder
#
# `start` prints CONFIDANT_TEST_STANDBY, the location that works once the standby is promoted.
set -euo pipefail

folder=${CONFIDANT_TEST_SERVICES:?start postgres with tests/services.sh first}
BIN=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)

# Runs a command as somebody that a server agrees to run as.
as() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

run() {
    as "$BIN/pg_ctl" -D "$folder/standby" -l "$folder/standby.log" -w -t 60 start >/dev/null
}

primary() {
    PGPASSWORD=confidant psql -X -q -t -A -h 127.0.0.1 -p "$(sed -n 's/^port = //p' "$folder/data/postgresql.conf")" \
        -U confidant -d postgres -c "$1"
}

start() {
    local port primary_port
    port=$(free_port)
    primary_port=$(sed -n 's/^port = //p' "$folder/data/postgresql.conf")
    as env PGPASSWORD=confidant "$BIN/pg_basebackup" -D "$folder/standby" -R -X stream -c fast --no-sync \
        -h 127.0.0.1 -p "$primary_port" -U confidant >/dev/null
    as sed -i "s/^port = .*/port = $port/" "$folder/standby/postgresql.conf"
    run
    primary "ALTER SYSTEM SET synchronous_standby_names = '*'"
    primary "SELECT pg_reload_conf()" >/dev/null
    until [ "$(primary "SELECT sync_state FROM pg_stat_replication")" = sync ]; do sleep 0.1; done
    echo "export CONFIDANT_TEST_STANDBY=postgres://confidant:confidant@127.0.0.1:$port/postgres"
}

case "${1:-}" in
start) start ;;
pause) as "$BIN/pg_ctl" -D "$folder/standby" -m fast -w stop >/dev/null ;;
resume) run ;;
promote) as "$BIN/pg_ctl" -D "$folder/standby" -w -t 60 promote >/dev/null ;;
stop) as "$BIN/pg_ctl" -D "$folder/standby" -m immediate -w stop >/dev/null || true ;;
*) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

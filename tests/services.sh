#!/usr/bin/env bash
# Throwaway servers for the tests, on free loopback ports, from Debian's packages. Installs nothing.
#
#   eval "$(tests/services.sh start postgres)"     a cluster with TLS, durable as by default
#   eval "$(tests/services.sh start pgbouncer)"    in front of it, twice: session and transaction pooling
#   tests/services.sh stop                         ends what the caller's variables name
#   tests/services.sh crash|restart                stops the cluster without a checkpoint | and starts it again
#   tests/services.sh log                          the servers' messages
#
# `start` prints exports:
#   CONFIDANT_TEST_SERVICES               the folder of everything; `stop` removes it
#   CONFIDANT_TEST_POSTGRES               postgres://... of a superuser, with a password
#   CONFIDANT_TEST_POSTGRES_CA            the root certificate; the server's own names `localhost` only
#   CONFIDANT_TEST_PGBOUNCER_SESSION      the same database by way of a pooler
#   CONFIDANT_TEST_PGBOUNCER_TRANSACTION
# As root the servers run as the user `postgres`, else as the caller.
set -euo pipefail

die() { echo "services.sh: $*" >&2; exit 1; }

# Runs a command as somebody that a server agrees to run as.
as() {
    if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

programs() {
    BIN=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
    [ -n "$BIN" ] && [ -x "$BIN/initdb" ] || die "PostgreSQL is missing: apt-get install postgresql"
}

# A root of our own and a certificate for `localhost`, valid for a day or so.
certificates() {
    command -v openssl >/dev/null || die "openssl is missing: apt-get install openssl"
    local to=$1
    as openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=confidant test root" \
        -addext basicConstraints=critical,CA:TRUE -keyout "$to/root.key" -out "$to/root.crt" 2>/dev/null
    as openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout "$to/server.key" -out "$to/server.csr" 2>/dev/null
    as sh -c "printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' >'$to/server.ext'"
    as openssl x509 -req -in "$to/server.csr" -CA "$to/root.crt" -CAkey "$to/root.key" -CAcreateserial -days 2 \
        -extfile "$to/server.ext" -out "$to/server.crt" 2>/dev/null
    as chmod 600 "$to/server.key"
}

start_cluster() {
    programs
    as "$BIN/pg_ctl" -D "$1/data" -l "$1/postgres.log" -w -t 60 start >/dev/null || die "PostgreSQL did not start: $(tail -5 "$1/postgres.log")"
}

start_postgres() {
    programs
    local folder port
    folder=$(as mktemp -d "${TMPDIR:-/tmp}/confidant-services.XXXXXX")
    trap 'rm -rf "$folder"' ERR
    port=$(free_port)
    as sh -c "umask 077; echo confidant >'$folder/password'"
    as "$BIN/initdb" -D "$folder/data" -U confidant --auth=scram-sha-256 --pwfile="$folder/password" -E UTF8 \
        --locale=C.UTF-8 --no-sync >/dev/null
    certificates "$folder"
    # fsync, synchronous_commit and full_page_writes stay on: the tests are about what they promise.
    as tee -a "$folder/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder'
max_connections = 300
ssl = on
ssl_cert_file = '$folder/server.crt'
ssl_key_file = '$folder/server.key'
${CONFIDANT_TEST_POSTGRES_SETTINGS:-}
CONF
    start_cluster "$folder"
    as chmod 755 "$folder"
    as chmod 644 "$folder/root.crt"
    echo "export CONFIDANT_TEST_SERVICES=$folder"
    echo "export CONFIDANT_TEST_POSTGRES=postgres://confidant:confidant@127.0.0.1:$port/postgres"
    echo "export CONFIDANT_TEST_POSTGRES_CA=$folder/root.crt"
}

start_pgbouncer() {
    local folder=${CONFIDANT_TEST_SERVICES:?start postgres first} bouncer port server mode
    bouncer=$(PATH="$PATH:/usr/sbin" command -v pgbouncer) || die "pgbouncer is missing: apt-get install pgbouncer"
    server=$(sed -n 's/^port = //p' "$folder/data/postgresql.conf")
    for mode in session transaction; do
        port=$(free_port)
        as sh -c "umask 077; echo '\"confidant\" \"confidant\"' >'$folder/users'"
        as tee "$folder/pgbouncer-$mode.ini" >/dev/null <<CONF
[databases]
* = host=127.0.0.1 port=$server
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = plain
auth_file = $folder/users
pool_mode = $mode
default_pool_size = 60
max_client_conn = 400
logfile = $folder/pgbouncer-$mode.log
pidfile = $folder/pgbouncer-$mode.pid
CONF
        as "$bouncer" -q -d "$folder/pgbouncer-$mode.ini"
        echo "export CONFIDANT_TEST_PGBOUNCER_$(echo $mode | tr a-z A-Z)=postgres://confidant:confidant@127.0.0.1:$port/postgres"
    done
}

stop() {
    local folder=${CONFIDANT_TEST_SERVICES:?nothing is started} pid
    programs
    for pid in "$folder"/pgbouncer-*.pid; do
        [ -e "$pid" ] && kill "$(cat "$pid")" || true
    done
    as "$BIN/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null || true
    case $folder in */confidant-services.*) rm -rf "$folder" ;; esac
}

crash() {
    programs
    as "$BIN/pg_ctl" -D "${CONFIDANT_TEST_SERVICES:?nothing is started}/data" -m immediate -w stop >/dev/null
}

case "${1:-} ${2:-}" in
"start postgres") start_postgres ;;
"start pgbouncer") start_pgbouncer ;;
"stop ") stop ;;
"crash ") crash ;;
"restart ") crash 2>/dev/null || true; start_cluster "$CONFIDANT_TEST_SERVICES" ;;
"log ") cat "${CONFIDANT_TEST_SERVICES:?nothing is started}"/*.log ;;
*) sed -n '2,18s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

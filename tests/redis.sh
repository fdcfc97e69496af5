#!/usr/bin/env bash
# A throwaway Redis on a free loopback port, from Debian's package, keeping nothing on disk.
#
#   eval "$(tests/redis.sh start)"   prints CONFIDANT_TEST_REDIS=HOST:PORT and CONFIDANT_TEST_REDIS_PID
#   tests/redis.sh stop              ends what the caller's variables name
set -euo pipefail

case "${1:-}" in
start)
    command -v redis-server >/dev/null || { echo "redis.sh: apt-get install redis-server" >&2; exit 1; }
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    redis-server --bind 127.0.0.1 --port "$port" --save "" --appendonly no --dir / >/dev/null 2>&1 &
    until redis-cli -p "$port" ping >/dev/null 2>&1; do sleep 0.05; done
    echo "export CONFIDANT_TEST_REDIS=127.0.0.1:$port CONFIDANT_TEST_REDIS_PID=$!"
    ;;
stop) kill "${CONFIDANT_TEST_REDIS_PID:?nothing is started}" ;;
*) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac

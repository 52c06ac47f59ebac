# shellcheck shell=bash disable=SC2034
# server.sh - for test scripts that want a running server; sourced. TMP and LATCHKEY come from tests/scripts.
set -u
pid='' url=''
trap '[ -z "$pid" ] || kill "$pid" 2> /dev/null; wait' EXIT

fail() { echo "FAIL: $*"; [ ! -f "$TMP/log" ] || cat "$TMP/log"; exit 1; }

# is WHAT WANTED GOT
is() { [ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"; }

# until_true COMMAND...: wait for a condition; tests/scripts bounds how long.
until_true() { until "$@" > /dev/null 2>&1; do read -rt 0.05 <> <(:) || :; done; }

# server_start COMMAND [ARG ...]: in TMP, on a free port; sets pid and url. Standard error goes to TMP/log.
server_start() {
    local command=$1 line
    shift
    rm -f "$TMP/said"; mkfifo "$TMP/said"
    (cd "$TMP" && exec "$LATCHKEY" "$command" --http.port 0 "$@") > "$TMP/said" 2>> "$TMP/log" &
    pid=$!
    exec 3< "$TMP/said"
    IFS= read -r line <&3 || fail 'the server did not start'
    url=${line#listening on }
    [[ $url =~ ^http://127\.0\.0\.1:[0-9]+$ ]] || fail "the first line is '$line'"
}

# server_stop: asks, waits, sets status and rest, what it said on standard output behind the first line.
server_stop() {
    kill "$pid"
    wait "$pid"; status=$?
    rest=$(cat <&3)
    exec 3<&-
    pid=''
}

post() { curl -s -m 120 "$url$1" -H 'Content-Type: application/json' -d "$2" "${@:3}"; }

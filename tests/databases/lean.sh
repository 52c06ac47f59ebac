#!/bin/bash
# A build without the two clients: it says so in one line when it is asked for what they are for, and serves on.
. "$(dirname "$0")/../server.sh"
cd "$(dirname "$0")/../.." || exit 1
unset LATCHKEY_CONFIG LATCHKEY_DB_URL
make -s -j"$(nproc)" BUILD=lean MYSQL=no PGSQL=no build/lean/latchkey > "$TMP/make" 2>&1 || { cat "$TMP/make"; fail 'the build'; }
LATCHKEY=$PWD/build/lean/latchkey
cd "$TMP" || exit 1
(umask 077; head -c 32 /dev/urandom | base64 > secret)
for engine in mysql pgsql; do
    for command in migrate "serve --http.port 0 --token.secret-file secret"; do
        # shellcheck disable=SC2086
        timeout 20 "$LATCHKEY" $command --db.url "$engine://u@127.0.0.1/d" > out 2> err; is "$command on $engine" 2 $?
        is "lines of $command that say why" 1 "$(grep -c 'built without that engine' err)"
    done
done
timeout 20 "$LATCHKEY" migrate --db.url oracle://u@127.0.0.1/d > out 2> err; is 'an engine that nobody has' 2 $?
server_start serve --token.secret-file secret --db.url sqlite:lean.db
is 'ready on SQLite' 200 "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$url/readyz")"
server_stop

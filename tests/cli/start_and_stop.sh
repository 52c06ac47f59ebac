#!/bin/bash
# One line on standard output, an answer, SIGTERM ends it well, and a second start finds the data.
. "$(dirname "$0")/../server.sh"

server_start dev
is 'sign up' '{"message":"User was registered successfully!"}' \
    "$(post /api/auth/signup '{"username":"zoe","email":"zoe@example.org","password":"pass word"}')"
token=$(post /api/auth/signin '{"username":"zoe","password":"pass word"}' | sed 's/.*"accessToken":"//; s/".*//')
grep -q 'open as the tutorial' "$TMP/log" || fail 'dev does not say what is open'
if grep -qF "$token" "$TMP/log" || grep -q 'pass word' "$TMP/log"; then fail 'a secret is in the log'; fi
server_stop
is 'status after SIGTERM' 0 "$status"
is 'more on standard output' '' "$rest"

is 'mode of the secret' 600 "$(stat -c %a "$TMP/latchkey.db.secret")"
is 'mode of the database' 600 "$(stat -c %a "$TMP/latchkey.db")"
is 'nothing else is left of making it' 1 "$(find "$TMP" -name 'latchkey.db.secret*' | wc -l)"

server_start dev
is 'the token of before' 'User Content.' "$(curl -s "$url/api/test/user" -H "x-access-token: $token")"
server_stop

server_start dev --fresh
is 'the token after --fresh' 401 "$(curl -s -o /dev/null -w '%{http_code}' "$url/api/test/user" -H "x-access-token: $token")"
kill -INT "$pid"; wait "$pid"
is 'status after SIGINT' 0 $?
pid=''

#!/bin/bash
# SIGHUP: what may change holds at once, a file with a fault changes nothing, a port waits for a restart.
. "$(dirname "$0")/../server.sh"

welcome_is() { [ "$(curl -s "$url/")" = "{\"message\":\"$1\"}" ]; }

printf '[http]\nwelcome = one\n' > "$TMP/conf"
server_start dev --config conf
welcome_is one || fail 'the file was not read'

printf '[http]\nwelcome = two\nloops = 7\n[signup]\nopen = no\n' > "$TMP/conf"
kill -HUP "$pid"
until_true welcome_is two
is 'sign-up when closed' 403 "$(post /api/auth/signup '{"username":"z","email":"z@e","password":"p"}' -o /dev/null -w '%{http_code}')"
grep -q 'http.loops has changed' "$TMP/log" || fail 'nothing is said of http.loops'

printf '[http]\nwelcome = three\nprot = 1\n' > "$TMP/conf"
kill -HUP "$pid"
until_true grep -q 'refused, nothing changed' "$TMP/log"
grep -q 'conf:3: http.prot is no setting' "$TMP/log" || fail 'the fault is not named'
welcome_is two || fail 'a broken file changed something'

printf '[http]\nwelcome = four\n' > "$TMP/conf"
kill -HUP "$pid"
until_true welcome_is four
server_stop
is 'status' 0 "$status"

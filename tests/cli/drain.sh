#!/bin/bash
# What was accepted before SIGTERM is answered, slow as it is.
. "$(dirname "$0")/../server.sh"

# Does a thread of the hash pool run?
hashing() { grep -lx hash /proc/"$pid"/task/*/comm | sed 's/comm$/stat/' | xargs awk '$3 == "R" { found = 1 } END { exit !found }'; }

server_start dev --password.cost 13
post /api/auth/signup '{"username":"zoe","email":"z@e","password":"pass word"}' > "$TMP/answer" &
client=$!
until_true hashing
server_stop
wait "$client"
is 'status' 0 "$status"
is 'the answer' '{"message":"User was registered successfully!"}' "$(cat "$TMP/answer")"

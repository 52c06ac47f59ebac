#!/bin/bash
# What was accepted before SIGTERM is answered, slow as it is.
. "$(dirname "$0")/../server.sh"

sockets() { find /proc/"$pid"/fd -lname 'socket:*' 2> /dev/null | wc -l; }
accepted() { [ "$(sockets)" -gt "$before" ]; }

server_start dev --password.cost 13
before=$(sockets)
post /api/auth/signup '{"username":"zoe","email":"z@e","password":"pass word"}' > "$TMP/answer" &
client=$!
until_true accepted
server_stop
wait "$client"
is 'status' 0 "$status"
is 'the answer' '{"message":"User was registered successfully!"}' "$(cat "$TMP/answer")"

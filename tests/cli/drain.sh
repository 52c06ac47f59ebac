#!/bin/bash
# What was accepted before SIGTERM is answered, slow as it is.
. "$(dirname "$0")/../server.sh"

# The threads that hash sleep until there is a request whose password is to be hashed.
hashing() {
    local stat
    for stat in /proc/"$pid"/task/*/stat; do
        [[ $(cat "$stat") == *'(hash'*') S '* || $(cat "$stat") != *'(hash'* ]] || return 0
    done
    return 1
}
idle() { ! hashing; }
caught() { hashing || ! kill -0 "$client"; }

server_start dev --password.cost 13 --http.work-timeout 10m
until_true idle
for ((n = 1, client = 0; client == 0; n++)); do
    post /api/auth/signup '{"username":"zoe'$n'","email":"z'$n'@e","password":"pass word"}' > "$TMP/answer" &
    client=$!
    until_true caught
    if ! hashing; then wait "$client"; client=0; fi         # answered before anybody looked
done
server_stop
wait "$client"
is 'status' 0 "$status"
is 'the answer' '{"message":"User was registered successfully!"}' "$(cat "$TMP/answer")"

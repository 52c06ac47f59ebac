#!/bin/bash
# A secret from the environment is gone from the process; one from the service manager is found.
. "$(dirname "$0")/../server.sh"

secret=0123456789abcdefghijklmnopqrstuvwxyz-$RANDOM
export LATCHKEY_TOKEN_SECRET=$secret
server_start serve
if tr '\0' '\n' < "/proc/$pid/environ" | grep -q "$secret"; then fail 'the secret stands in /proc/PID/environ'; fi
if tr '\0' '\n' < "/proc/$pid/cmdline" | grep -q "$secret"; then fail 'the secret stands in /proc/PID/cmdline'; fi
server_stop
unset LATCHKEY_TOKEN_SECRET

mkdir "$TMP/credentials"
echo "$secret" > "$TMP/credentials/token.secret"
export CREDENTIALS_DIRECTORY=$TMP/credentials
server_start serve
server_stop
is 'status' 0 "$status"
if grep -q "$secret" "$TMP/log"; then fail 'the secret is in the log'; fi

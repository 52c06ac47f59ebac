#!/bin/bash
# --help everywhere, on standard output, with status 0.
. "$(dirname "$0")/../server.sh"
cd "$TMP" || exit 1

for command in '' dev serve user role jwt adopt move migrate settings; do
    # shellcheck disable=SC2086
    out=$("$LATCHKEY" $command --help 2> err) || fail "latchkey $command --help ends badly"
    grep -q 'usage: ' <<< "$out" || fail "latchkey $command --help: $out"
    [ ! -s err ] || fail "latchkey $command --help writes to standard error"
done
"$LATCHKEY" dev --help | grep -q -- '--http.port' || fail 'dev --help names no settings'
"$LATCHKEY" version | grep -qx 'latchkey [0-9.]*' || fail 'version'
"$LATCHKEY" settings > sample.conf || fail 'settings'
sed 's/^#\([a-z-]* = \)/\1/; /secret-file/d; /seal-file/d; /password-file/d; /tls-ca/d' sample.conf > all.conf
"$LATCHKEY" migrate --config all.conf 2> log || fail 'the sample file is refused, with every line in force'

#!/bin/bash
# key.sh - `latchkey key`: what it makes, rotates, retires and refuses; what a server needs of it.
. "$(dirname "$0")/../server.sh"
cd "$TMP" || exit 1
(umask 077; head -c 32 /dev/urandom | base64 > seal; head -c 32 /dev/urandom | base64 > other; head -c 32 /dev/urandom | base64 > secret; echo short > short)
export LATCHKEY_DB_URL=sqlite:keys.db LATCHKEY_TOKEN_ALG=EdDSA

key() { "$LATCHKEY" key "$@" > said 2> err; }
sealed() { key "$@" --key.seal-file seal || { cat err; fail "key $*"; }; }
refused() { local status=$1 text=$2; shift 2; key "$@"; is "status of key $*" "$status" $?; grep -q -- "$text" err || { cat err; fail "key $* does not say $text"; }; }
states() { "$LATCHKEY" key list | cut -f 3 | tail -n +2 | tr '\n' ' '; }

is 'no keys' '' "$(states)"
refused 2 'token.alg must be' new --token.alg HS256 --key.seal-file seal
refused 2 'key.seal-file is missing' new
refused 2 'is shorter than 32 bytes' new --key.seal-file short
refused 1 'there is no next key' rotate --key.seal-file seal
sealed new
is 'first two' 'current next ' "$(states)"
refused 1 'there is a next key' new --key.seal-file seal
refused 1 'not been published for key.lead' rotate --key.seal-file seal
is 'nothing changed' 'current next ' "$(states)"
sealed rotate --yes
is 'rotated' 'old current next ' "$(states)"
first=$("$LATCHKEY" key list | sed -n 2p | cut -f 1)
refused 1 "no key's id begins" retire nosuchkey
refused 2 'usage' retire
sealed retire "${first:0:12}"
is 'retired' "$first retired: what it signed is refused from now on" "$(cat said)"
is 'states' 'retired current next ' "$(states)"

# Nothing of a private half in clear: a seal that does not open, and no DER to be seen.
sqlite3 keys.db 'SELECT state, length(sealed) > 40, length(public_key) FROM latchkey_keys ORDER BY id' > rows
is 'rows' $'retired|0|59\ncurrent|1|59\nnext|1|59' "$(cat rows)"

# A server refuses to start without a key, or without what opens it, and says what to do.
starts_not() { "$LATCHKEY" serve --http.port 0 --token.secret-file secret "$@" > said 2> err; is "status of serve $*" 2 $?; }
starts_not --db.url sqlite:empty.db --key.seal-file seal; grep -q 'latchkey key new' err || fail 'no word of key new'
starts_not; grep -q 'does not open' err || fail 'no word of the seal'
starts_not --key.seal-file other; grep -q 'does not open' err || fail 'no word of the other seal'
starts_not --key.seal-file short; grep -q 'key that seals is shorter' err || fail 'no word of the short seal'
starts_not --key.seal-file seal --token.alg none; grep -q 'token.alg must be' err || fail 'no word of the algorithm'
starts_not --key.seal-file seal --token.issuer example.org; grep -q 'token.issuer must be' err || fail 'no word of the issuer'

# It sees a rotation by itself; and at once, by SIGHUP.
kids() { curl -s "$url/.well-known/jwks.json" | grep -o '"kid":"[^"]*"' | cut -d '"' -f 4 | sort | tr '\n' ' '; }
mine() { "$LATCHKEY" key list | awk -F '\t' '$3 ~ /next|current|old/ {print $1}' | LC_ALL=C sort | tr '\n' ' '; }
export LC_ALL=C
server_start serve --db.url sqlite:keys.db --token.secret-file secret --key.seal-file seal
is 'published keys' "$(mine)" "$(kids)"
sealed rotate --yes
until_true eval '[ "$(kids)" = "$(mine)" ]'
is 'three of them' 3 "$(kids | wc -w)"
server_stop
server_start serve --db.url sqlite:keys.db --token.secret-file secret --key.seal-file seal --key.reread 60s
sealed retire "$(sqlite3 keys.db "SELECT kid FROM latchkey_keys WHERE state = 'current'")"
kill -HUP "$pid"
until_true eval '[ "$(kids)" = "$(mine)" ]'
is 'two of them' 2 "$(kids | wc -w)"
curl -s "$url/.well-known/jwks.json" | grep -Eq '"(d|p|q|dp|dq|qi|k)":' && fail 'a private member is published'
server_stop
is 'status' 0 "$status"

#!/bin/bash
# Tokens of the server before this one: accepted where its secret is nobody else's; else refused at the
# start, or good for a day and for the role user.
. "$(dirname "$0")/../server.sh"
cd "$TMP" || exit 1
unset LATCHKEY_CONFIG LATCHKEY_DB_URL
(umask 077; head -c 32 /dev/urandom | base64 > secret; head -c 32 /dev/urandom | base64 > old; echo bezkoder-secret-key > known)
cat > sign.py <<'END'
import base64, hashlib, hmac, json, sys, time
b = lambda x: base64.urlsafe_b64encode(x).rstrip(b'=')
now = int(time.time())
m = b(b'{"alg":"HS256","typ":"JWT"}') + b'.' + b(json.dumps({'id': 1, 'iat': now, 'exp': now + 86400}, separators=(',', ':')).encode())
key = open(sys.argv[1], 'rb').read().rstrip(b'\n')
print((m + b'.' + b(hmac.new(key, m, hashlib.sha256).digest())).decode())
END
# status TOKEN BOARD
status() { curl -s -m 20 -o /dev/null -w '%{http_code}' -H "x-access-token: $1" "$url/api/test/$2"; }

LATCHKEY_DB_URL=sqlite:latchkey.db "$LATCHKEY" user add zoe --email z@x --role admin --role user <<< 'correct horse 9' > /dev/null || fail 'user add'
old=$(python3 sign.py old) known=$(python3 sign.py known)

server_start serve --token.secret-file secret
is 'without the setting' 401 "$(status "$old" user)"
server_stop

server_start serve --token.secret-file secret --token.legacy-secret-file old
is 'user by the old secret' 200 "$(status "$old" user)"
is 'admin by the old secret' 200 "$(status "$old" admin)"
is 'a token of another secret' 401 "$(status "$known" user)"
"$LATCHKEY" user disable zoe --db.url sqlite:latchkey.db > /dev/null || fail 'disable'
is 'a disabled account' 401 "$(status "$old" user)"
server_stop
"$LATCHKEY" user enable zoe --db.url sqlite:latchkey.db > /dev/null || fail 'enable'
sqlite3 latchkey.db 'DELETE FROM latchkey_accounts'

refused() {
    timeout 20 "$LATCHKEY" serve --http.port 0 --token.secret-file secret --token.legacy-secret-file known "$@" 2> err < /dev/null > out
    is "the exit status with $*" 2 $?
    is "lines said with $*" 1 "$(wc -l < err)"
    grep -q 'anyone can forge tokens' err || fail 'the refusal does not say why'
}
refused
refused --token.accept-forgeable no

# Nobody adopted the database: the day never began.
server_start serve --token.secret-file secret --token.legacy-secret-file known --accept-forgeable-tokens
is 'before the adoption' 401 "$(status "$known" user)"
server_stop

"$LATCHKEY" adopt --yes sqlite:latchkey.db > report || fail 'adopt'
server_start serve --token.secret-file secret --token.legacy-secret-file known --token.accept-forgeable yes
is 'user by a known secret' 200 "$(status "$known" user)"
is 'admin by a known secret' 403 "$(status "$known" admin)"
is 'mod by a known secret' 403 "$(status "$known" mod)"
server_stop
grep -q 'anyone can forge tokens until' log || fail 'serve does not say until when'

# A second adoption is no second day.
sqlite3 latchkey.db "UPDATE latchkey_meta SET value = value - 86400 WHERE meta_key = 'adopted_at'"
"$LATCHKEY" adopt --yes sqlite:latchkey.db > report || fail 'adopt again'
server_start serve --token.secret-file secret --token.legacy-secret-file known --accept-forgeable-tokens
is 'a day after the adoption' 401 "$(status "$known" user)"
server_stop

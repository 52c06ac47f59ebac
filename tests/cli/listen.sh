#!/bin/bash
# Where the server listens: several addresses, TLS with a certificate that SIGHUP replaces, sockets handed over.
. "$(dirname "$0")/../server.sh"

certificate() {                       # certificate CN: into TMP/cert.pem and TMP/key.pem
    (umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=$1" \
        -keyout "$TMP/key.pem" -out "$TMP/cert.pem" 2> /dev/null) || fail 'no certificate'
}
subject() { curl -sk -m 20 -o /dev/null -w '%{certs}' "$tls/" | sed -n 's/^Subject:.*CN *= *//p'; }

certificate first
server_start dev --http.listen "127.0.0.1 unix:$TMP/x.sock" --tls.listen 127.0.0.1:0 --tls.cert "$TMP/cert.pem" --tls.key "$TMP/key.pem"
until_true grep -q 'also listening on https' "$TMP/log"
tls=$(sed -n 's/.*also listening on \(https:.*\)/\1/p' "$TMP/log")
want='{"message":"Welcome to bezkoder application."}'
is plain "$want" "$(curl -s -m 20 "$url/")"
is unix "$want" "$(curl -s -m 20 --unix-socket "$TMP/x.sock" http://localhost/)"
is tls "$want" "$(curl -sk -m 20 "$tls/")"
is mode 660 "$(stat -c %a "$TMP/x.sock")"
is certificate first "$(subject)"
certificate second
kill -HUP "$pid"
until_true grep -q certificate_reread "$TMP/log"
is 'the new certificate' second "$(subject)"
chmod 644 "$TMP/key.pem"
kill -HUP "$pid"
until_true grep -q 'certificate_reread.*refused' "$TMP/log"
is 'what stayed in force' second "$(subject)"
is 'lines about the key' 1 "$(grep -c 'key.pem: the key can be touched by others' "$TMP/log")"
server_stop
is status 0 "$status"
[ ! -e "$TMP/x.sock" ] || fail 'the socket stayed'

# TLS without a certificate, a key that others read: nothing starts.
for refused in '--tls.listen 127.0.0.1:0' "--tls.listen 127.0.0.1:0 --tls.cert $TMP/cert.pem --tls.key $TMP/key.pem"; do
    # shellcheck disable=SC2086
    (cd "$TMP" && "$LATCHKEY" dev --http.port 0 $refused) > /dev/null 2> "$TMP/why" && fail "$refused started"
done

# As systemd hands sockets over. The helper listens, becomes the server, and the environment is clean there.
cat > "$TMP/activate.py" <<'END'
import os, socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[1], sys.argv[1:])
END
LATCHKEY_REAL=$LATCHKEY
LATCHKEY=$TMP/activated
printf '#!/bin/sh\nexec python3 %s %s "$@"\n' "$TMP/activate.py" "$LATCHKEY_REAL" > "$LATCHKEY"
chmod +x "$LATCHKEY"
server_start dev --http.listen 127.0.0.77
is activated "$want" "$(curl -s -m 20 "$url/")"
server_stop
is status 0 "$status"

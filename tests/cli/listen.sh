#!/bin/bash
# Where the server listens: several addresses, TLS with a certificate that SIGHUP replaces, sockets handed over.
. "$(dirname "$0")/../server.sh"

certificate() {                       # certificate CN: into TMP/cert.pem and TMP/key.pem
    (umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "/CN=$1" \
        -keyout "$TMP/key.pem" -out "$TMP/cert.pem" 2> /dev/null) || fail 'no certificate'
}
subject() { curl -sk -m 20 -o /dev/null -w '%{certs}' "$tls/" | sed -n 's/^Subject:.*CN *= *//p'; }

# As certbot keeps them: what the settings name leads to the newest of a row.
renew() {                             # renew N: certificate N is the one that is used
    certificate "$1"
    mkdir -p "$TMP/row" "$TMP/live"
    for file in cert key; do
        mv "$TMP/$file.pem" "$TMP/row/$file$1.pem"
        ln -sf "../row/$file$1.pem" "$TMP/live/$file.pem"
    done
}

# `serve` in its sandbox as `dev`: the files are opened anew, the sockets are gone at the end.
listens() {                           # listens COMMAND WELCOME [ARG ...]
    local command=$1 want="{\"message\":\"$2\"}"
    shift 2
    rm -rf "$TMP/log" "$TMP/run" "$TMP/row" "$TMP/live" "$TMP/db"
    mkdir "$TMP/run" "$TMP/db"        # the sandbox opens a folder with all that is in it
    renew 1
    server_start "$command" --http.listen "127.0.0.1 unix:$TMP/run/x.sock" --tls.listen "127.0.0.1:0 unix:$TMP/live/tls.sock" \
        --tls.cert "$TMP/live/cert.pem" --tls.key "$TMP/live/key.pem" --db.url sqlite:db/db "$@"
    until_true grep -q 'sandbox: ' "$TMP/log"
    tls=$(sed -n 's/.*also listening on \(https:.*[0-9]\)$/\1/p' "$TMP/log")
    is "$command: plain" "$want" "$(curl -s -m 20 "$url/")"
    is "$command: unix" "$want" "$(curl -s -m 20 --unix-socket "$TMP/run/x.sock" http://localhost/)"
    is "$command: tls" "$want" "$(curl -sk -m 20 "$tls/")"
    is "$command: tls, unix" "$want" "$(curl -sk -m 20 --unix-socket "$TMP/live/tls.sock" https://localhost/)"
    is "$command: mode" 660 "$(stat -c %a "$TMP/run/x.sock")"
    is "$command: certificate" 1 "$(subject)"
    renew 2
    kill -HUP "$pid"
    until_true grep -q certificate_reread "$TMP/log"
    is "$command: the new certificate" 2 "$(subject)"
    chmod 644 "$TMP/row/key2.pem"
    kill -HUP "$pid"
    until_true grep -q 'certificate_reread.*refused' "$TMP/log"
    is "$command: what stayed in force" 2 "$(subject)"
    is "$command: lines about the key" 1 "$(grep -c 'key.pem: the key can be touched by others' "$TMP/log")"
    server_stop
    is "$command: status" 0 "$status"
    [ ! -e "$TMP/run/x.sock" ] && [ ! -e "$TMP/live/tls.sock" ] || fail "$command: a socket stayed"
}

(umask 077; head -c 32 /dev/urandom | base64 > "$TMP/secret")
want='{"message":"Welcome to bezkoder application."}'
listens dev 'Welcome to bezkoder application.'
listens serve Hello. --token.secret-file secret --http.welcome Hello.
certificate open; chmod 644 "$TMP/key.pem"

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

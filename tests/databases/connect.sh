#!/bin/bash
# Ways to a database behind a socket: TLS by settings, with certificates that are right, of somebody else, for
# somebody else, or not there; a unix socket; the password from a file, the environment, a settings file, and
# nowhere to be seen afterwards.
. "$(dirname "$0")/../server.sh"
servers=$(cd "$(dirname "$0")/../servers" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/latchkey-connect-XXXXXX")
engine='' waiting=''
ended() {
    [ -z "$pid" ] || kill "$pid" 2> /dev/null
    [ -z "$engine" ] || "$servers/$engine" stop "$folder/$engine" > /dev/null 2>&1
    rm -rf "$folder"
}
trap ended EXIT
unset LATCHKEY_CONFIG LATCHKEY_DB_URL LATCHKEY_DB_PASSWORD
chmod 711 "$folder" "$TMP"; cd "$TMP" || exit 1
(umask 077; head -c 32 /dev/urandom | base64 > secret)

# authority NAME: one that signs certificates.
authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 1 \
        -subj "/CN=$1" 2> /dev/null || fail "the authority $1"
}

# certificate NAME SUBJECT: signed by `ours`, with a key that the database's user may read.
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2> /dev/null &&
        openssl x509 -req -in "$1.csr" -CA ours.pem -CAkey ours.key -CAcreateserial -days 1 -out "$1.pem" \
            -extfile <(echo "subjectAltName=$2") 2> /dev/null || fail "the certificate $1"
    cp "$1.pem" "$1.key" "$folder"; chmod 600 "$folder/$1.key"
}
authority ours; authority theirs
certificate good IP:127.0.0.1,DNS:localhost
certificate other DNS:db.example.org

# reach [ARG ...]: whether the database can be reached so. What it said is in `err`.
reach() { timeout 20 "$LATCHKEY" migrate --db.url "$db_url" ${secret_file:+--db.password-file "$secret_file"} "$@" > out 2> err; }
reaches() { reach "$@" || { cat err; fail "$engine: cannot be reached with $*"; }; }
refuses() { if reach "$@"; then fail "$engine: can be reached with $*"; fi; }
sql() { "$servers/$engine" sql "$folder/$engine"; }

# again [CERTIFICATE]: start the server anew, with that one.
again() {
    "$servers/$engine" down "$folder/$engine"
    case $engine${1:+ tls} in
    'mariadb tls') MARIADB_ARGS="--ssl-cert=$folder/$1.pem --ssl-key=$folder/$1.key" "$servers/$engine" up "$folder/$engine" ;;
    'pgsql tls')   PGSQL_ARGS="-c ssl=on -c ssl_cert_file=$folder/$1.pem -c ssl_key_file=$folder/$1.key" "$servers/$engine" up "$folder/$engine" ;;
    *)             "$servers/$engine" up "$folder/$engine" ;;
    esac || fail "$engine does not start again"
}

# insist: from now on the server takes nobody without TLS.
insist() {
    if [ "$engine" = mariadb ]; then
        echo "ALTER USER latchkey@'127.0.0.1' REQUIRE SSL" | sql
    else
        { echo 'hostnossl all all all reject'; cat "$folder/pgsql/data/pg_hba.conf"; } > hba
        cat hba > "$folder/pgsql/data/pg_hba.conf"
        echo 'SELECT pg_reload_conf()' | sql > /dev/null
    fi
}
is_ready() { [ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' "$url/readyz")" = 200 ]; }

# served ARG...: a server that is reached so finds the database again, from within its sandbox.
served() {
    server_start serve --token.secret-file secret --db.url "$db_url" "$@"
    is_ready || fail "$engine: not ready with $*"
    again "$certificate"
    until_true is_ready
    [ -z "$waiting" ] || ! grep -q "$waiting" log || fail "$engine: the log holds the password"
    server_stop
}

ways() {
    secret_file=password; printf test > password; chmod 600 password; certificate=''
    # A server that knows no TLS.
    reaches --db.tls off
    reaches --db.tls prefer
    refuses --db.tls require
    refuses --db.tls verify --db.tls-ca ours.pem

    again good; insist; certificate=good
    reaches --db.tls verify --db.tls-ca ours.pem
    reaches --db.tls require
    reaches --db.tls prefer
    refuses --db.tls off
    refuses --db.tls verify --db.tls-ca theirs.pem
    refuses --db.tls verify
    refuses --db.tls verify --db.tls-ca none.pem
    served --db.password-file password --db.tls verify --db.tls-ca ours.pem

    # One who has a certificate of ours for another name.
    again other
    reaches --db.tls require
    refuses --db.tls verify --db.tls-ca ours.pem
    again good

    # The password: wrong, from the environment, from a settings file; never on the command line.
    printf wrong > wrong; chmod 600 wrong
    secret_file=wrong; refuses --db.tls require
    secret_file=; refuses --db.tls require
    LATCHKEY_DB_PASSWORD=test reaches --db.tls require
    printf '[db]\nurl = %s\n' "${db_url/@/:test@}" > with; chmod 600 with
    timeout 20 "$LATCHKEY" migrate --config with --db.tls require > out 2> err || { cat err; fail "$engine: a settings file's URL"; }
    is "$engine: the exit status of a URL with a password" 2 "$(timeout 20 "$LATCHKEY" migrate --db.url "${db_url/@/:test@}" 2> err > out; echo $?)"
    grep -q 'test@' err && fail "$engine: the refusal shows the password"
    is "$engine: the exit status of that URL in the environment" 2 \
        "$(LATCHKEY_DB_URL="${db_url/@/:test@}" timeout 20 "$LATCHKEY" migrate 2> err > out; echo $?)"

    # A password that can be looked for.
    waiting=Geheimnis-$RANDOM$RANDOM
    if [ "$engine" = mariadb ]; then echo "ALTER USER latchkey@'127.0.0.1' IDENTIFIED BY '$waiting' REQUIRE NONE"
    else echo "ALTER USER latchkey PASSWORD '$waiting'"; fi | sql
    export LATCHKEY_DB_PASSWORD=$waiting
    server_start serve --token.secret-file secret --db.url "$db_url" --db.tls require
    unset LATCHKEY_DB_PASSWORD
    tr '\0' '\n' < "/proc/$pid/environ" | grep -q "$waiting" && fail "$engine: the environment still holds the password"
    tr '\0' '\n' < "/proc/$pid/cmdline" | grep -q "$waiting" && fail "$engine: the command line holds the password"
    again good
    until_true is_ready
    server_stop
    grep -q "$waiting" log && fail "$engine: the log holds the password"
    waiting=''

    # A unix socket, which needs neither TLS nor, here, a password.
    db_url=$socket_url secret_file=
    reaches --db.tls prefer
    served
}

engine=mariadb
"$servers/mariadb" start "$folder/mariadb" > url || fail 'MariaDB does not start'
if [ "$(id -u)" = 0 ]; then chown mysql "$folder"/*.key; fi
echo "CREATE USER latchkey@localhost; GRANT ALL ON latchkey.* TO latchkey@localhost" | sql
db_url=mysql://latchkey@127.0.0.1:$(cat "$folder/mariadb/port")/latchkey
socket_url=mysql://latchkey@localhost/latchkey?socket=$folder/mariadb/sock
ways
"$servers/mariadb" stop "$folder/mariadb"

engine=pgsql
"$servers/pgsql" start "$folder/pgsql" > url || fail 'PostgreSQL does not start'
if [ "$(id -u)" = 0 ]; then chown postgres "$folder"/*.key; fi
db_url=pgsql://latchkey@127.0.0.1:$(cat "$folder/pgsql/port")/latchkey
socket_url=pgsql://latchkey@localhost:$(cat "$folder/pgsql/port")/latchkey?socket=$folder/pgsql
ways
"$servers/pgsql" stop "$folder/pgsql"
engine=''

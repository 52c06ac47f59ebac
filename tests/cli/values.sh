#!/bin/bash
# values.sh - what each kind of setting takes and refuses, where it may come from, and what is said of it.
. "$(dirname "$0")/../server.sh"
cd "$TMP" || exit 1
unset LATCHKEY_CONFIG LATCHKEY_DB_URL KUBERNETES_SERVICE_HOST

migrate() { "$LATCHKEY" migrate "$@" > said 2> err; }

# refused TEXT ARG...: it ends with 2 and says TEXT.
refused() {
    local text=$1
    shift
    migrate --db.url sqlite:values.db "$@"; is "status of $*" 2 $?
    grep -qF -- "$text" err || fail "'$text' is not said of $*: $(cat err)"
}
taken() { migrate --db.url sqlite:values.db "$@" || fail "$* is refused: $(cat err)"; }

# What is no origin, URL or name.
for value in https https:// ://x 'https://a"b' $'https://\xc3\xa9' https://a/b 'https://a?b' 'https://a#b' https://u@a; do
    refused 'must be origins' --http.origins "$value"
done
for value in auth.example.org 'https://a?b' 'https://a#b' 'https://a b' 'https://a"b' 'https://a\b' $'https://\xc3\xa9' ftp://a; do
    refused 'must be a URL' --token.issuer "$value"
done
for value in 'a b' 'a"b' 'a\b' $'\xc3\xa9'; do refused 'must be a name or URL in ASCII' --token.audience "$value"; done
for value in 10.0.0.0/33 example.org ::1/129; do refused 'networks' --http.trusted-proxies "$value"; done
taken --http.origins 'https://app.example.org, http://localhost:8081, ' --token.issuer https://auth.example.org --token.audience shop \
    --http.trusted-proxies '10.0.0.0/8 ::1 unix'
taken --token.issuer http://auth.example.org/x

# The database's URL, whose password has its places.
for url in sqlite: sqlite; do migrate --db.url "$url"; is "status of $url" 2 $?; grep -qF 'must be sqlite:FILE' err || fail "$url: $(cat err)"; done
refused 'names an engine that does not exist' --db.url oracle:x
refused 'must not hold a password there' --db.url 'mysql://u@h/d?password=x'
refused 'where others can read it' --db.url mysql://u:p@h/d
refused 'where others can read it' --db.url pgsql://u:p@h/d

# Words from a list, yes and no, numbers, durations, texts.
while read -r name text; do
    for value in nope NONE; do refused "$text" "--$name" "$value"; done
done <<'END'
session.mode must be none or own
session.compat must be off or sequel
session.cookie must be off, lax or strict
token.alg must be HS256, ES256, EdDSA or RS256
db.tls must be off, prefer, require or verify
log.level must be info, warn or error
password.scheme must be auto, bcrypt or argon2id
http.forms must be yes or no
http.connections must be a whole number
db.wait must be a duration with its unit
token.ttl must be a duration of whole seconds
END
for words in 'session.mode none' 'session.mode own' 'session.compat off' 'session.compat sequel' 'session.cookie off' 'session.cookie lax' \
    'session.cookie strict' 'token.alg HS256' 'token.alg RS256' 'db.tls off' 'db.tls prefer' 'db.tls require' 'db.tls verify' 'log.level info' \
    'log.level warn' 'log.level error' 'password.scheme auto' 'password.scheme bcrypt' 'password.scheme argon2id' 'http.forms yes' \
    'http.forms no' 'token.ttl 1h' 'token.ttl 2000ms' 'db.wait 0'; do
    taken "--${words% *}" "${words#* }"
done
for value in 5 5x 99999999999999999999s 9999999999999999d 1500ms; do refused 'must be a duration of whole seconds' --token.ttl "$value"; done
refused 'must be from 1' --http.connections 0
refused ' ms' --http.head-timeout 1000h
refused ' s' --token.ttl 999999d
refused 'is too long' --http.welcome "$(printf 'w%.0s' {1..5000})"
refused 'must be well-formed UTF-8' --http.welcome $'\xff'
refused 'must not hold control characters' --http.welcome $'a\tb'
refused 'must not be empty or this short' --session.mode x

# Words behind the settings, and what stands where a value should.
refused 'wants a value' --http.port
refused 'is not understood' word
refused 'is not understood' -- word
refused 'is not understood' --frob
migrate --db.url=sqlite:values.db --http.port=1; is 'status of joined words' 0 $?

# The file: sections, names, repetitions, what it may be.
config() { printf '%b' "$1" > conf; refused "$2" --config conf; }
config '[http]\nport\n' 'neither a [section] nor'
config 'port = 1\n' 'stands before the first [section]'
config '[http]\nfrob = 1\n' 'is no setting'
config '[http]\nport = 1\nport = 2\n' 'is given a second time'
config '[http\nport = 1\n' 'is no [section]'
config '[]\n' 'is no [section]'
config "[$(printf 'x%.0s' {1..80})]\n" 'is no [section]'
config '[http]\nport = x\n' 'must be a whole number'
config '[http]\n\x01\x02 = 1\n' 'conf'
config "[http]\n$(printf 'n%.0s' {1..200}) = 1\n" 'is no setting'
refused 'cannot be opened' --config no/such/file
refused 'not a readable file of at most 64 KiB' --config .
head -c 70000 /dev/zero | tr '\0' '#' > large
refused 'not a readable file of at most 64 KiB' --config large
printf '[http]\r\nport = 1\r\n; a comment\r\n\r\n# and another' > conf
taken --config conf
taken --config=conf
printf '[db]\nurl = mysql://u:p@h/d\n' > conf
chmod 644 conf
migrate --config conf; is 'a password others can read' 2 $?
grep -qF 'holds a password: chmod 600 the file' err || fail "$(cat err)"

# Where such a password ends is not clear, so nobody shows what is behind it.
for password in 'pa@nned' 'pa/nned@' 'pa/nned'; do
    printf '[db]\nurl = mysql://u:%s@127.0.0.1:1/d\n' "$password" > conf
    chmod 600 conf
    migrate --config conf; is "the password $password" 2 $?
    grep -qF 'as %40 and %2F' err || fail "$(cat err)"
    ! grep -q nned err || fail "$(cat err)"
done

# The environment: unknown names are refused, but not those that Kubernetes sets for a service of our name.
LATCHKEY_FROB=1 migrate --db.url sqlite:values.db; is 'an unknown name' 2 $?
grep -qF LATCHKEY_FROB err || fail "$(cat err)"
for name in PORT PORT_80_TCP SERVICE_HOST SERVICE_PORT SERVICE_PORT_HTTP; do
    env KUBERNETES_SERVICE_HOST=1 "LATCHKEY_$name=1" "$LATCHKEY" migrate --db.url sqlite:values.db 2> err || fail "LATCHKEY_$name: $(cat err)"
done
KUBERNETES_SERVICE_HOST=1 LATCHKEY_FROB=1 migrate --db.url sqlite:values.db; is 'an unknown name beside Kubernetes' 2 $?
PORT=x migrate --db.url sqlite:values.db; is "the tutorial's PORT counts" 2 $?
PORT=x LATCHKEY_HTTP_PORT=8080 migrate --db.url sqlite:values.db; is 'and gives way to our own' 0 $?

# Secrets: one place each, of a length, in a file of one's own.
secret() { refused "$@"; }
(umask 077; : > empty; head -c 5000 /dev/zero | tr '\0' s > long; echo secret > good)
secret 'is empty' --token.secret-file empty
secret 'holds more than 4096 bytes' --token.secret-file long
secret 'does not exist' --token.secret-file missing
secret 'cannot be opened' --token.secret-file good/x
secret 'is not a regular file' --token.secret-file .
chmod 640 good; secret 'good' --token.secret-file good; chmod 600 good
taken --token.secret-file good
LATCHKEY_TOKEN_SECRET=$(cat long) migrate --db.url sqlite:values.db; is 'a secret that is too long' 2 $?
grep -qF 'longer than 4096 bytes' err || fail "$(cat err)"
LATCHKEY_TOKEN_SECRET=x LATCHKEY_TOKEN_SECRET_FILE=good migrate --db.url sqlite:values.db; is 'a secret given twice' 2 $?
grep -qF 'given beside a file for the same secret' err || fail "$(cat err)"
mkdir credentials; cp good credentials/token.secret; chmod 600 credentials/token.secret
CREDENTIALS_DIRECTORY=$PWD/credentials migrate --db.url sqlite:values.db; is 'a credential of systemd' 0 $?
if [ "$(id -u)" = 0 ]; then
    cp good theirs; chown 65534 theirs; chmod 600 theirs
    secret 'belongs to someone else' --token.secret-file theirs
fi

# The table that docs/settings.md is made of has a line for each row of the sample.
"$LATCHKEY" settings --markdown > table || fail 'the table'
"$LATCHKEY" settings > sample || fail 'the sample'
sed -n 's/^#\([a-z0-9-]*\) =.*/\1/p' sample > keys
[ "$(wc -l < keys)" -gt 50 ] || fail 'the sample has lost its rows'
while read -r key; do grep -q "^| .[a-z]*\.$key. |" table || fail "$key is not in the table"; done < keys
"$LATCHKEY" settings --frob 2> err; is 'an unknown word' 2 $?
"$LATCHKEY" settings > /dev/full; is 'a full disk' 1 $?

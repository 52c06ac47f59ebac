#!/bin/bash
# What does not start, and says why.
. "$(dirname "$0")/../server.sh"
cd "$TMP" || exit 1

# refused STATUS WHAT ARG...: exits so, says so on standard error, prints nothing.
refused() {
    local want=$1 what=$2 out code
    shift 2
    out=$(timeout 120 "$LATCHKEY" "$@" 2> err < /dev/null); code=$?
    is "exit status of $*" "$want" "$code"
    is "output of $*" '' "$out"
    grep -q -- "$what" err || { cat err; fail "$* does not say '$what'"; }
}

refused 2 'must be a loopback address' dev --http.listen 0.0.0.0
refused 2 'is no setting' dev --http.prot 1
refused 2 'not understood' dev --stale
refused 2 'not understood' serve --fresh
refused 2 'cannot be given here' serve --token.secret 0123456789abcdef0123456789abcdef
LATCHKEY_HTTP_PROT=1 refused 2 'environment: LATCHKEY_HTTP_PROT is no setting' serve
refused 2 'must not hold a password' serve --db.url mysql://a:b@h/d
printf '[db]\nurl = sqlite:named.db\n' > named.conf
refused 2 'must not hold a password' adopt mysql://a:b@h/d --config named.conf
refused 2 'must not hold a password' move --from mysql://a:b@h/d --to sqlite:to.db --config named.conf
refused 2 'must not hold a password' move --from sqlite:from.db --to mysql://a:b@h/d --config named.conf
refused 2 'needs a secret' serve
refused 2 'usage' nonsense
refused 2 'usage' settings --nonsense
[ ! -e latchkey.db ] || fail 'a refused start left a database'

(umask 077; printf short > short; printf bezkoder-secret-key > known; head -c 32 /dev/urandom | base64 > good)
refused 2 'the token secret' serve --token.secret-file short
refused 2 'the token secret' serve --token.secret-file known
(umask 077; printf '0123456789abcdef0123456789abcde' > one_less; printf '[http]\nprot = 1\n' > wrong.conf)
refused 2 'the token secret' serve --token.secret-file one_less
refused 2 'secret' serve --token.secret-file nobody
refused 2 'is no setting' serve --token.secret-file good --signup.opne no
refused 2 'is no setting' serve --token.secret-file good --config wrong.conf
cp good loose; chmod 644 loose
refused 2 'chmod 600' serve --token.secret-file loose

"$LATCHKEY" migrate --db.url sqlite:theirs.db 2> /dev/null || fail 'migrate'
refused 2 'belongs to .latchkey serve.' dev --db.url sqlite:theirs.db
refused 2 'belongs to .latchkey serve.' dev --fresh --db.url sqlite:theirs.db

server_start serve --token.secret-file good
refused 1 'cannot listen' serve --token.secret-file good --db.url sqlite:other.db --http.listen 192.0.2.1
refused 1 'cannot listen' serve --token.secret-file good --db.url sqlite:other.db --http.port "${url##*:}"
if grep -qE '^latchkey: [a-z]+\.[a-z]+ is ' log; then cat log; fail 'serve speaks of what is not switched off'; fi
server_stop
server_start serve --token.secret-file good --throttle.enabled no --signup.roles yes --password.min 7 \
    --password.scheme bcrypt --password.cost 9 --http.forms yes --session.mode own --session.compat sequel
for weak in throttle.enabled signup.roles password.min password.cost http.forms session.compat; do
    until_true grep -q "^latchkey: $weak is" log
done
if grep -q db.tls log; then fail 'serve speaks of TLS to a file'; fi
server_stop

#!/bin/bash
# jwt.sh - `latchkey jwt verify`: published vectors, refusals, limits, exit status.
. "$(dirname "$0")/../server.sh"
cd "$TMP" || exit 1

# answers STATUS WANTED ARG...: verify what comes on standard input.
answers() {
    local status=$1 wanted=$2 got
    shift 2
    got=$("$LATCHKEY" jwt verify "$@" 2> said); is "status of $*" "$status" $?
    is "answer of $*" "$wanted" "$got"
}

b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# token HEADER PAYLOAD: signed with the secret of the file `secret`.
token() {
    local input
    input=$(printf '%s' "$1" | b64).$(printf '%s' "$2" | b64)
    echo "$input.$(printf '%s' "$input" | openssl dgst -sha256 -mac HMAC -macopt hexkey:"$(tr -d '\n' < secret | od -An -v -tx1 | tr -d ' \n')" -binary | b64)"
}

(umask 077; echo 'the secret of this test, long enough' > secret)
hs256='{"alg":"HS256","typ":"JWT"}'
far=9999999999

# RFC 7515 appendix A.1: its payload holds line ends, and is one line in the answer.
rfc=eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
echo '{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}' > rfc.jwk
answers 0 'ok {"iss":"joe",   "exp":1300819380,   "http://example.com/is_root":true}' --jwk rfc.jwk --signature-only <<< "$rfc"
answers 1 'bad claim' --jwk rfc.jwk <<< "$rfc"
answers 1 'bad signature' --jwk rfc.jwk --signature-only <<< "${rfc}x"

# Claims count; each line has its answer, the last one also without its end, and one bad makes it 1.
good='{"id":7,"iat":1500000000,"exp":'$far'}'
answers 0 "ok $good" --secret-file secret <<< "$(token "$hs256" "$good")"
answers 1 $'bad shape\nbad expired\nbad signature\nok '"$good" --secret-file secret < <(
    echo
    token "$hs256" '{"id":7,"iat":1500000000,"exp":1500000001}'
    token "$hs256" "$good" | sed 's/[.][^.]*[.]/.e30./'
    printf '%s\r\n' "$(token "$hs256" "$good")")
answers 0 "ok $good" --secret-file secret < <(printf '%s' "$(token "$hs256" "$good")")
answers 0 '' --secret-file secret < /dev/null

# A payload that is no JSON is allowed by a signature alone, and cannot break the line.
answers 0 'ok "a\nb\u001b"' --secret-file secret --signature-only <<< "$(token "$hs256" $'a\nb\e')"

# What is not supported is refused, whoever says so: the token or the key.
for alg in none HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES256K ES384 ES512 EdDSA; do
    answers 1 'bad algorithm' --secret-file secret <<< "$(token "{\"alg\":\"$alg\"}" "$good")"
    "$LATCHKEY" jwt verify --help | grep -qw "$alg" || fail "$alg is not listed"
done
for key in '{"kty":"RSA","n":"AQAB","e":"AQAB"}' '{"kty":"EC"}' '{"kty":"OKP"}' '{"kty":"oct","alg":"HS512","k":"AQAB"}'; do
    echo "$key" > other.jwk
    answers 1 $'bad algorithm\nbad algorithm' --jwk other.jwk --signature-only <<< "$rfc"$'\n'x
done

# Bounded: a line of 8 MiB is one answer.
answers 1 $'bad shape\nok '"$good" --secret-file secret < <(head -c 8388608 /dev/zero | tr '\0' a; echo; token "$hs256" "$good")

# Keys that are none, and command lines.
echo '{"kty":"oct","k":""}' > empty.jwk
echo 'no json' > text.jwk
head -c 70000 /dev/zero > large.jwk
chmod 644 text.jwk
for file in empty.jwk text.jwk large.jwk missing.jwk /; do
    answers 2 '' --jwk "$file" <<< "$rfc"
    [ -s said ] || fail "$file: nothing is said"
done
answers 2 '' --secret-file text.jwk <<< "$rfc"
grep -q 'secret' said || fail 'a secret that others can read is not complained of'
answers 2 ''
answers 2 '' --jwk rfc.jwk --secret-file secret
answers 2 '' --jwk
answers 2 '' --jwk rfc.jwk --frob
"$LATCHKEY" jwt 2> said; is 'no verb' 2 $?
echo "$rfc" | "$LATCHKEY" jwt verify --jwk rfc.jwk > /dev/full 2> /dev/null; is 'a full disk' 1 $?

#!/bin/bash
# import.sh - `latchkey user import`: dry run, CSV and JSON lines, refusals by line, repetition, and that
# whoever was imported signs in with the password he had.
. "$(dirname "$0")/../server.sh"
cd "$TMP" || exit 1
unset LATCHKEY_CONFIG
export LATCHKEY_DB_URL=sqlite:import.db

import() { "$LATCHKEY" user import "$@" 2> err; }
counts() { is "counts of $1" "$2" "$(import "${@:3}" | head -n 1)"; }

django='pbkdf2_sha256$1000$seasalt$3x9khCOA+OYHxrLgQFhfrwm0DFFNS9sxAyvMV5/C+es='
phpass='$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'
{
    echo 'Username,email,hash,roles,disabled'
    echo "ann,ann@example.org,$django,user|admin,"
    printf '"b,o""b",bob@example.org,"%s",,no\r\n' "$phpass"
    echo "eve,eve@example.org,$phpass,,yes"
} > good.csv

# The dry run comes first and writes nothing.
counts 'the dry run' '3 would be added, 0 already there, 0 refused' good.csv
is 'accounts after the dry run' 1 "$("$LATCHKEY" user list | wc -l)"
counts 'the import' '3 added, 0 already there, 0 refused' good.csv --yes
counts 'the same again' '0 added, 3 already there, 0 refused' good.csv --yes
"$LATCHKEY" user list > list
grep -q $'ann@example.org\tuser,admin\tenabled' list || fail "$(cat list)"
grep -q $'b,o"b\tbob@example.org\tuser\tenabled' list || fail "$(cat list)"
grep -q $'eve@example.org\tuser\tdisabled' list || fail "$(cat list)"

# JSON lines; a blank line counts for nothing but the numbers.
{
    echo "{\"username\":\"jo\",\"email\":\"jo@example.org\",\"hash\":\"$phpass\",\"roles\":[\"user\",\"moderator\"],\"disabled\":false}"
    echo
    echo "{\"username\":\"ju\",\"email\":\"ju@example.org\",\"password\":\"$phpass\"}"
} > good.json
counts 'JSON lines' '2 added, 0 already there, 0 refused' good.json --yes
"$LATCHKEY" user list | grep -q $'jo@example.org\tuser,moderator\tenabled' || fail 'roles of a list'

# Each fault is named with its line; the others are stored.
{
    echo 'email,username,hash,roles'
    echo "x1@example.org,ANN ,$phpass,"
    echo "Ann@example.org,x2,$phpass,"
    echo "x3@example.org,x3,plain text,"
    echo "x4@example.org,x4,$phpass,root"
    echo "x5@example.org,x5,$phpass"
    echo "x6@example.org,\"x6,$phpass,"
    echo "x7@example.org,x7,,"
    echo "x8@example.org,x8,$phpass,user"
    echo "x9@example.org,X8,$phpass,"
    echo "x8@EXAMPLE.org,x10,$phpass,"
    printf '%s,x11,%s,\n' $'\xff@example.org' "$phpass"
    printf 'x12@example.org,%s,%s,\n' "$(printf 'n%.0s' {1..256})" "$phpass"
    printf 'x13@example.org,%s,%s,\n' "$(head -c 20000 /dev/zero | tr '\0' n)" "$phpass"
    echo "x14@example.org,x14,\$2b\$31\$abcdefghijklmnopqrstuu6M4AonsBSlaSmLjwpr7Te.9CyLp4qpK,"
} > bad.csv
import bad.csv --yes > out; is 'status of faults' 1 $?
is 'counts of faults' '1 added, 0 already there, 13 refused' "$(cat out)"
for line in '2: another account has that username' '3: another account has that email' '4: has a hash' '5: names a role' \
    '6: has fewer' '7: has another number' '8: lacks' '10: has the same username as line 9' '11: has the same email as line 9' \
    '12: is not well-formed' '13: has a name' '14: is longer' '15: has a hash'; do
    grep -q "^line $line" err || fail "no line '$line' in: $(cat err)"
done
import bad.csv > /dev/null
grep -q '^line 10: has the same username as line 9' err || fail 'a dry run does not see what repeats within the file'

# Files that are none.
for text in 'username,email' 'username,email,hash,shoe' 'username,username,email,hash' 'username,email,hash,"'; do
    echo "$text" > odd.csv
    import odd.csv > /dev/null && fail "'$text' is taken for a first line"
done
import missing.csv; is 'a missing file' 1 $?
echo '{"username":["x"],"email":"x","hash":"y"}' > odd.json
import odd.json > /dev/null; is 'an odd member' 1 $?

# Signing in makes the hash anew; a disabled one stays out.
(umask 077; echo 'the secret of this test, long enough' > secret)
server_start serve --token.secret-file secret
[[ $(post /api/auth/signin '{"username":"ann","password":"pässword 1"}') == *accessToken\":\"ey* ]] || fail 'ann is not let in'
[[ $(post /api/auth/signin '{"username":"ann","password":"pässword 1"}') == *accessToken\":\"ey* ]] || fail 'ann is not let in again'
[[ $(post /api/auth/signin '{"username":"jo","password":"test12345"}') == *accessToken\":\"ey* ]] || fail 'jo is not let in'
[[ $(post /api/auth/signin '{"username":"jo","password":"test12346"}') == *accessToken\":null* ]] || fail 'jo is let in'
[[ $(post /api/auth/signin '{"username":"eve","password":"test12345"}') == *accessToken\":null* ]] || fail 'eve is let in'
server_stop
if command -v sqlite3 > /dev/null; then
    is 'rehashed' '2' "$(sqlite3 import.db "SELECT COUNT(*) FROM users WHERE password LIKE '\$argon2id\$v=19\$m=19456,t=2,p=1\$%'")"
fi
counts 'the file after that' '0 added, 3 already there, 0 refused' good.csv --yes

#!/bin/bash
# The README's "Production": its lines are run as they stand, in a folder of this test's own.
. "$(dirname "$0")/../server.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir "$TMP/bin"
ln -s "$LATCHKEY" "$TMP/bin/latchkey"
PATH=$TMP/bin:$PATH

# What begins with `make` builds and installs, which other tests do: of that line the folder is left.
lines=0 served=''
while IFS= read -r line; do
    lines=$((lines + 1))
    line=${line//\/var\/lib\/latchkey/$TMP/var} line=${line//sudo /}
    case $line in
    make*) line="install -d${line#*install -d}"; line=${line/-o \"\$USER\"/} ;;
    'latchkey serve '*) served=${line#latchkey serve }; continue ;;
    esac
    (cd "$TMP" && eval "$line" <<< 'correct horse 9') > "$TMP/out" 2>&1 || { cat "$TMP/out"; fail "does not run: $line"; }
done < <(sed -n '/^## Production/,/^## /{/^```sh$/,/^```$/{/^```/d;p}}' "$top/README.md")
is 'lines of the README' 5 "$lines"

# shellcheck disable=SC2086
server_start serve $served
token=$(post /api/auth/signin '{"username":"root","password":"correct horse 9"}' | sed -nE 's/.*"accessToken":"([^"]+)".*/\1/p')
is 'the administrator' 200 "$(curl -s -m 20 -o /dev/null -w '%{http_code}' "$url/api/test/admin" -H "x-access-token: $token")"
is 'the origin' 'https://app.example.org' "$(curl -s -m 20 -o /dev/null -D - "$url/" -H 'Origin: https://app.example.org' | tr -d '\r' | sed -n 's/^Access-Control-Allow-Origin: //p')"
is 'others do not look into the folder' 700 "$(stat -c %a "$TMP/var")"
server_stop
is 'status' 0 "$status"

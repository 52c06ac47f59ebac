#!/bin/bash
# user.sh - `latchkey user` and `latchkey role`: what they do, say, refuse and exit with.
# LATCHKEY is the program, TMP an empty folder.
set -u
L=$LATCHKEY
cd "$TMP" || exit 1
unset LATCHKEY_CONFIG LATCHKEY_DB_URL
export LATCHKEY_DB_URL=sqlite:users.db LATCHKEY_PASSWORD_COST=4
pass=0 fail=0

# expect STATUS TEXT INPUT ARG...: run it with INPUT; the status must be STATUS and TEXT be said.
expect() {
    local status=$1 text=$2 input=$3 said got
    shift 3
    said=$(printf '%s' "$input" | timeout 120 "$L" "$@" 2>&1)
    got=$?
    if [ $got = "$status" ] && [[ $said == *"$text"* ]]; then
        pass=$((pass + 1))
    else
        fail=$((fail + 1))
        echo "FAIL latchkey $*: exit $got, want $status and \"$text\""
        printf '    %s\n' "$said"
    fi
}

tab=$'\t'
secret='correct horse
'
# The database is made by the first command that needs it.
expect 0 "3${tab}admin"                     ''  role list
expect 0 'zoe (id 1) added'                 "$secret" user add zoe --email zoe@example.org --role admin --role=user
expect 0 "1${tab}zoe${tab}zoe@example.org${tab}user,admin${tab}enabled${tab}20" '' user list
expect 0 'username  zoe'                    ''  user show 'ZOË '
expect 0 'username  zoe'                    ''  user show --id 1
expect 0 'yan (id 2) added'                 'without an end of line' user add yan --email yan@example.org

# Refusals: 1 where it could not be done.
expect 1 'another account has that name'    "$secret" user add Zoé --email new@example.org
expect 1 'another account has that address' "$secret" user add new --email ZOE@example.org
expect 1 'there is no role "root"'          "$secret" user add new --email new@example.org --role root
expect 1 'at least 8 characters'            'short
'                                           user add new --email new@example.org
expect 1 'at most 1024 bytes'               "$(printf 'p%.0s' {1..1025})" user add new --email new@example.org
expect 1 'at most 72 bytes'                 "$(printf 'p%.0s' {1..73})" user add new --email new@example.org --password.scheme bcrypt
expect 1 'at most 1024 bytes'               "$(printf 'p%.0s' {1..5000})" user add new --email new@example.org
expect 1 'no password came'                 ''  user add new --email new@example.org
expect 1 'there is no account "new"'        ''  user show new
expect 1 'no account has the id 7'          ''  user disable --id 7
expect 1 'database'                         ''  user list --db.url sqlite:no/such/folder/x.db

# 2 where it was not understood.
expect 2 'usage: latchkey user add'         ''  user
expect 2 'usage: latchkey user add'         ''  user frob
expect 2 '--email ADDRESS'                  ''  user add new
expect 2 'at most 255 characters'           ''  user add "$(printf 'n%.0s' {1..256})" --email a@b
expect 2 'usage: latchkey user add'         "$secret" user add new "correct horse" --email a@b
expect 2 'usage: latchkey user show'        ''  user show
expect 2 'usage: latchkey user show'        ''  user show zoe --id 1
expect 2 'usage: latchkey user show'        ''  user show --id x
expect 2 'usage: latchkey user show'        ''  user show --id -1
expect 2 'usage: latchkey user list'        ''  user list --password x
expect 2 'usage: latchkey user add'         ''  user add new --email
expect 2 'is no setting'                    ''  user list --db.nix 1
expect 2 'give ROLE'                        ''  user role zoe lend admin
expect 0 'usage: latchkey user add'         ''  user --help

# Changes.
expect 0 'holds what was given'             ''  user role yan give moderator admin
expect 0 "yan@example.org${tab}user,moderator,admin${tab}" '' user list
expect 0 'holds no more'                    ''  user role --id 2 take moderator admin
expect 1 'there is no role "root"'          ''  user role yan give root
expect 1 'there is no role "root"'          ''  user role yan give admin root
expect 0 "yan@example.org${tab}user${tab}"  ''  user list
expect 0 'yan (id 2) disabled'              ''  user disable yan
expect 0 'state     disabled'               ''  user show yan
expect 0 'tokens    refused from before 20' ''  user show yan
expect 0 'enabled'                          ''  user enable yan
expect 0 'has a new password'               'another password
'                                           user passwd yan
expect 0 'yan (id 2) deleted'               ''  user delete yan
expect 1 'there is no account "yan"'        ''  user delete yan

# Roles.
expect 0 'writer added'                     ''  role add writer
expect 0 "4${tab}writer"                    ''  role list
expect 1 'there is such a role'             ''  role add writer
expect 1 'there is such a role'             ''  role add other --id 2
expect 0 'editor added'                     ''  role add editor --id 40
expect 2 "no '|'"                           ''  role add 'a|b'
expect 2 'no blank'                         ''  role add ' a'
expect 2 '1 to 255'                         ''  role add ''
expect 0 'holds what was given'             ''  user role zoe give writer
expect 0 'writer removed'                   ''  role remove writer
expect 0 'roles     user,admin'             ''  user show zoe
expect 1 'there is no role "writer"'        ''  role remove writer

# A name cannot write to the terminal, nor break a line or a column; "--" ends the flags.
expect 0 'x\u{1b}[31m\u{9}\u{a}\\\u{202e} (id 3) added' "$secret" user add $'x\e[31m\t\n\\\u202e' --email e@x
expect 0 "3${tab}x\\u{1b}[31m\\u{9}\\u{a}\\\\\\u{202e}${tab}e@x" '' user list
expect 0 '--id (id 4) added'                "$secret" user add --email dash@x -- --id
expect 0 'dash@x'                           ''  user show -- --id

# Rows of others, and more of them than one page holds.
if command -v sqlite3 > /dev/null; then
    sqlite3 users.db "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 699)
        INSERT INTO users SELECT i, 'Name' || i, NULL, NULL, '2020-01-13 09:21:51.000 +00:00', '2020-01-13 09:21:51' FROM n;"
    expect 0 "699${tab}Name699${tab}\\N${tab}-${tab}enabled${tab}2020-01-13 09:21:51" '' user list
    lines=$("$L" user list | wc -l)
    if [ "$lines" = 604 ]; then pass=$((pass + 1)); else fail=$((fail + 1)); echo "FAIL user list: $lines lines, want 604"; fi
    expect 0 'id        650' '' user show nAmE650
fi

# No password or hash is ever shown.
shown=$("$L" user list; "$L" user show zoe)
case $shown in
*\$2*|*horse*) fail=$((fail + 1)); echo 'FAIL a hash or password is shown' ;;
*) pass=$((pass + 1)) ;;
esac
if "$L" user list > /dev/full 2> /dev/null; then fail=$((fail + 1)); echo 'FAIL a full disk goes unnoticed'; else pass=$((pass + 1)); fi

# On a terminal: asked twice, nothing echoed.
if command -v python3 > /dev/null; then
    terminal() {
        python3 - "$L" "$@" <<'END'
import os, pty, select, sys
program, first, second, *words = sys.argv[1:]
child, fd = pty.fork()
if child == 0:
    os.execv(program, [program, *words])
said = b''
for prompt, answer in ((b'Password: ', first), (b'Once more: ', second)):
    while prompt not in said:
        if not select.select([fd], [], [], 30)[0]: sys.exit('no prompt: %r' % said)
        said += os.read(fd, 4096)
    os.write(fd, answer.encode() + (b'' if answer == '\x03' else b'\n'))
    if answer == '\x03': break
try:
    while True:
        more = os.read(fd, 4096)
        if not more: break
        said += more
except OSError: pass
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(status, 'ECHOED' if first != '\x03' and first.encode() in said else 'silent', said.decode().replace('\r\n', ' '))
END
    }
    check() {
        # shellcheck disable=SC2053  # $1 is a pattern
        if [[ $2 == $1 ]]; then pass=$((pass + 1)); else fail=$((fail + 1)); echo "FAIL terminal: $2"; fi
    }
    check '0 silent*has a new password*' "$(terminal 'typed in vain' 'typed in vain' user passwd zoe)"
    check '1 silent*the two passwords differ*' "$(terminal 'typed in vain' 'typed otherwise' user passwd zoe)"
    check '1 silent*' "$(terminal $'\x03' '' user passwd zoe)"
fi

echo "$pass passed, $fail failed"
[ "$fail" = 0 ]

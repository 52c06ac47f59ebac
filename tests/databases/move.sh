#!/bin/bash
# `latchkey move`: round trips through the engines, moves that are killed, targets that are refused.
. "$(dirname "$0")/../server.sh"
servers=$(cd "$(dirname "$0")/../servers" && pwd)
maria=$(mktemp -d "${TMPDIR:-/tmp}/latchkey-move-XXXXXX") pg=$(mktemp -d "${TMPDIR:-/tmp}/latchkey-move-XXXXXX")
ended() {
    [ -z "$pid" ] || kill "$pid" 2> /dev/null
    "$servers/mariadb" stop "$maria" > /dev/null 2>&1
    "$servers/pgsql" stop "$pg" > /dev/null 2>&1
}
trap ended EXIT
unset LATCHKEY_CONFIG LATCHKEY_DB_URL
chmod 711 "$TMP"; cd "$TMP" || exit 1
"$servers/mariadb" start "$maria" > url || fail 'MariaDB does not start'
"$servers/pgsql" start "$pg" > url || fail 'PostgreSQL does not start'
(umask 077; echo test > password)
maria_sql() { "$servers/mariadb" sql "$maria"; }
pg_sql() { "$servers/pgsql" sql "$pg"; }
maria_url=mysql://latchkey@127.0.0.1:$(cat "$maria/port")/latchkey
pg_url=pgsql://latchkey@127.0.0.1:$(cat "$pg/port")/latchkey

# move FROM TO: says what it said in `report` and `err`.
move() {
    timeout 250 "$LATCHKEY" move --from "$1" --to "$2" --from-password-file password --to-password-file password > report 2> err
}
moved() { move "$1" "$2" || { cat report err; fail "the move from $1 to $2"; }; }

# refused TEXT FROM TO
refused() {
    if move "$2" "$3"; then fail "a move from $2 to $3 is not refused"; fi
    grep -q -- "$1" err || { cat err; fail "the refusal does not say '$1'"; }
}

# Every row of every table, whichever there are; who made a table each database knows for itself.
dump() {
    local t
    for t in $(sqlite3 "$1" "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'latchkey_schema' ORDER BY 1"); do
        echo "$t"
        sqlite3 "$1" "SELECT * FROM $t" | grep -v '_made_by|' | sort
    done
}

user_add() { LATCHKEY_DB_URL=sqlite:first.db LATCHKEY_PASSWORD_COST=4 "$LATCHKEY" user add "$@" <<< 'correct horse 9' > /dev/null || fail "user add $1"; }
user_add zoe --email zoe@x --role admin --role user
user_add 'Ünï 😀' --email "o\"'\\@x"
"$LATCHKEY" user disable zoe --db.url sqlite:first.db > /dev/null
sqlite3 first.db > /dev/null <<'END'
INSERT INTO roles VALUES (7, 'auditor', '2020-01-01 00:00:00', '2020-01-01 00:00:00');
INSERT INTO users VALUES (40, NULL, NULL, NULL, '2020-01-01 00:00:00', '2021-01-01 00:00:00'), (41, '', ' ', 'x', '2020-01-01 00:00:00', '2020-01-01 00:00:00');
INSERT INTO user_roles VALUES ('2020-01-01 00:00:00', '2020-01-01 00:00:00', 7, 41);
CREATE TABLE "refreshTokens" (id INTEGER PRIMARY KEY AUTOINCREMENT, token VARCHAR(255), expiryDate DATETIME, createdAt DATETIME NOT NULL, updatedAt DATETIME NOT NULL, userId INTEGER REFERENCES users (id) ON DELETE SET NULL ON UPDATE CASCADE);
INSERT INTO latchkey_sessions VALUES (4611686018427387904, 41, 1577836800, 1, 2, 3, 4, 'secret', '::1', 'a', ''), (5, 1, 1, 1, 2, 3, 4, 's', 'x', '😀', 'n');
INSERT INTO latchkey_failures VALUES (1, '000000000000002900000000' || '5e0be100' || printf('%032d', 0), 3, 4611686018427387904, 5), (2, printf('%064x', 77), 1, 2, 3);
INSERT INTO latchkey_revocations VALUES (4611686018427387904, 1, 2, 3, 0, 0), (7, 1, 2, 0, 999999999999999, 6);
INSERT INTO latchkey_keys VALUES (1, 'kid', 'ES256', 'old', 1, 2, 3, 'public', ''), (2, 'Kid', 'RS256', 'next', 1, 0, 0, 'public', hex(zeroblob(2000)));
INSERT INTO refreshTokens VALUES (3, 'a token', '2030-01-01 00:00:00', '2020-01-01 00:00:00', '2020-01-01 00:00:00', 41), (9, NULL, NULL, '2020-01-01 00:00:00', '2020-01-01 00:00:00', NULL);
END

# Round: SQLite, MariaDB, PostgreSQL, SQLite.
moved sqlite:first.db "$maria_url"
grep -q '^users  *4 rows, verified$' report || { cat report; fail 'the report counts otherwise'; }
refused 'the target holds roles of its own' sqlite:first.db "$maria_url"
moved "$maria_url" "$pg_url"
moved "$pg_url" sqlite:last.db
dump first.db > first; dump last.db > last
diff first last || fail 'what came back is not what went'
is 'the keys that describe shows' 'username MUL,email MUL,' \
    "$(echo 'DESCRIBE users' | maria_sql | awk -F'\t' '$4 == "MUL" { printf "%s %s,", $1, $4 }')"

# The other way round, and from each engine to itself.
echo "CREATE DATABASE second; GRANT ALL ON second.* TO latchkey@'127.0.0.1'; CREATE DATABASE third; GRANT ALL ON third.* TO latchkey@'127.0.0.1'" | maria_sql
echo 'CREATE DATABASE second' | pg_sql
echo 'CREATE DATABASE third' | pg_sql
moved sqlite:first.db "${pg_url%/*}/second"
moved "${pg_url%/*}/second" "${pg_url%/*}/third"
moved "${pg_url%/*}/third" "${maria_url%/*}/second"
moved "${maria_url%/*}/second" "${maria_url%/*}/third"
moved "${maria_url%/*}/third" sqlite:round.db
moved sqlite:round.db sqlite:rounder.db
dump rounder.db > last
diff first last || fail 'what came back the other way is not what went'

# What was adopted has no maker of ours.
cp last.db theirs.db; sqlite3 theirs.db "DELETE FROM latchkey_meta WHERE meta_key = 'tables_made_by'; INSERT INTO latchkey_meta VALUES ('owner', 'adopt')"
moved sqlite:theirs.db sqlite:taken.db
is 'who owns what was adopted and moved' adopt "$(sqlite3 taken.db "SELECT value FROM latchkey_meta WHERE meta_key = 'owner'")"

# The next id lies behind the last one.
echo "INSERT INTO users (username, \"createdAt\", \"updatedAt\") VALUES ('next', now(), now())" | pg_sql
echo "INSERT INTO users (username, createdAt, updatedAt) VALUES ('next', now(), now())" | maria_sql
is 'the next id in PostgreSQL' 42 "$(echo "COPY (SELECT id FROM users WHERE username = 'next') TO STDOUT" | pg_sql)"
is 'the next id in MariaDB' 42 "$(echo "SELECT id FROM users WHERE username = 'next'" | maria_sql | tail -n 1)"

# What is refused.
refused 'the same database' sqlite:first.db sqlite:first.db
refused 'the target ' sqlite:last.db sqlite:first.db
"$LATCHKEY" migrate --db.url sqlite:roles.db
sqlite3 roles.db "UPDATE roles SET name = 'boss' WHERE id = 3"
refused 'roles of its own' sqlite:last.db sqlite:roles.db
cp last.db old.db; sqlite3 old.db 'DELETE FROM latchkey_schema WHERE number > 1'
refused 'latchkey migrate' sqlite:old.db sqlite:new.db
cp last.db newer.db; sqlite3 newer.db "INSERT INTO latchkey_schema VALUES (999, 'x', 'x', 1)"
refused 'latchkey migrate' sqlite:newer.db sqlite:new.db
[ ! -e new.db ] || fail 'a refused move made a database'

# Killed in the middle, on each engine; then another source is refused, and the same one goes on.
sqlite3 first.db > /dev/null <<'END'
PRAGMA foreign_keys = OFF;
WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 40999)
INSERT INTO users SELECT i, 'user' || i, i || '@x', '$2a$08$' || i, '2020-01-01 00:00:00', '2020-01-01 00:00:00' FROM n;
INSERT INTO user_roles SELECT '2020-01-01 00:00:00', '2020-01-01 00:00:00', 1, id FROM users WHERE id >= 1000;
INSERT INTO latchkey_names SELECT 1, printf('%064x', id), id, 0 FROM users WHERE id >= 1000;
END
users='SELECT COUNT(*) FROM users'
count_sqlite() { sqlite3 -cmd '.timeout 2000' killed.db "$users" 2> /dev/null; }
count_maria() { echo "$users" | maria_sql 2> /dev/null | tail -n 1; }
count_pg() { echo "COPY ($users) TO STDOUT" | pg_sql 2> /dev/null; }
begun() { local n; n=$("$1"); [ "${n:-0}" -gt 0 ]; }

# held COUNT: let the move $pid go on for a moment at a time, until some users are there; then it stands still.
held() {
    until kill -STOP "$pid" && until_true stands_still && begun "$1"; do
        kill -CONT "$pid" || return
        read -rt 0.02 <> <(:) || :
    done
}
stands_still() { [[ $(ps -o stat= -p "$pid") != [RSD]* ]]; }

# killed TO COUNT EMPTY: one that was quicker than this shell is tried again.
killed() {
    local n=40004
    while [ "$n" = 40004 ]; do
        "$3" > /dev/null 2>&1
        "$LATCHKEY" move --from sqlite:first.db --to "$1" --from-password-file password --to-password-file password > report 2> err &
        pid=$!
        held "$2" 2> /dev/null
        kill -9 "$pid" 2> /dev/null; wait "$pid"; status=$?
        pid=''
        n=$("$2")
    done
    is 'the exit status of the killed one' 137 "$status"
    [ "$n" -gt 0 ] && [ "$n" -lt 40004 ] || fail "$n users were there when it was killed"
    refused 'from another database' sqlite:last.db "$1"
    moved sqlite:first.db "$1"
    grep -q 'taken up' report || fail 'it began anew'
    is 'the users in the end' 40004 "$("$2")"
}
empty_sqlite() { rm -f killed.db*; }
empty_maria() { echo 'DROP DATABASE latchkey; CREATE DATABASE latchkey' | maria_sql; }
empty_pg() { echo 'DROP SCHEMA public CASCADE; CREATE SCHEMA public' | pg_sql; }
killed sqlite:killed.db count_sqlite empty_sqlite
dump first.db > first; dump killed.db > last
diff first last > /dev/null || fail 'what was taken up is not what went'
killed "$maria_url" count_maria empty_maria
killed "$pg_url" count_pg empty_pg

# A row that changes in the source while it is copied is found.
"$LATCHKEY" move --from sqlite:first.db --to sqlite:drift.db > report 2> err &
pid=$!
count_drift() { sqlite3 -cmd '.timeout 2000' drift.db "$users" 2> /dev/null; }
held count_drift || fail 'the move ended before a row could change'
sqlite3 -cmd '.timeout 2000' first.db "UPDATE users SET email = 'changed' WHERE id = 1"
kill -CONT "$pid"
wait "$pid"; is 'the exit status of a move that drifted' 1 $?
pid=''
grep -q 'differs from the source' err || fail 'a drift is not said'

#!/bin/bash
# odd.sh - commands with what is rare: files to import, databases to adopt and to move, secrets that dev makes.
. "$(dirname "$0")/../server.sh"
cd "$TMP"; fail() { echo "FAIL: $*"; }
unset LATCHKEY_CONFIG LATCHKEY_DB_URL
export LATCHKEY_PASSWORD_COST=4

# says STATUS TEXT COMMAND ARG...: it ends with STATUS, and TEXT is said.
says() {
    local status=$1 text=$2
    shift 2
    timeout 60 "$LATCHKEY" "$@" > said 2> err < /dev/null; is "status of $*" "$status" $?
    cat said err | grep -qF -- "$text" || fail "'$text' is not said by $*: $(cat said err)"
}
hash='$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'

# Import: a byte order mark, words for yes and no, fields in quotes, roles of every form.
{ printf '\xef\xbb\xbfusername,EMAIL,hash,disabled,roles\n'
  printf 'a1,a1@x,%s,TRUE,"user| |admin"\n' "$hash"
  printf 'a2,a2@x,%s,1,\na3,a3@x,%s,false,|\na4,a4@x,%s,0,user\n' "$hash" "$hash" "$hash"
  printf '"a,5",a5@x,%s,No,user' "$hash"; } > words.csv
export LATCHKEY_DB_URL=sqlite:import.db
says 0 '5 added, 0 already there, 0 refused' user import words.csv --yes
is 'who is disabled' 2 "$("$LATCHKEY" user list | grep -c disabled)"
"$LATCHKEY" user list | grep -qF $'a1@x\tuser,admin\t' || fail "$("$LATCHKEY" user list)"
{ echo 'username,email,hash,disabled,roles'
  echo "b1,b1@x,$hash,perhaps,"
  echo "b2,b2@x,$hash,,$(printf 'user|%.0s' {1..70})"
  echo "b3,b3@x,$hash,,user,more"
  echo "b4,b4@x,$hash,,\"user\" x"
  printf 'b5,b\x005@x,%s,,\n' "$hash"
  echo ",b6@x,$hash,,"
  echo "b7,,$hash,,"; } > faulty.csv
says 1 '0 added, 0 already there, 7 refused' user import faulty.csv --yes
for line in '2: disabled is neither' '3: there are too many roles' '4: has another number' '5: has another number' '6: is not well-formed' '7: lacks' '8: lacks'; do
    grep -q "^line $line" err || fail "no line '$line' in: $(cat err)"
done
row() { echo "{\"username\":\"$1\",\"email\":\"$1@x\",\"hash\":\"$hash\"$2}"; }
{ row c1 ',"roles":"user|moderator","disabled":true'; row c2 ',"roles":null'; row c3 ',"roles":[]'
  row c4 ',"roles":7'; row c5 ',"roles":[7]'; row c6 ',"shoe":1'; row c7 ',"disabled":"yes"'; row c8 ',"email":"twice"'
  echo '{"username":"c9\ud800","email":"c9@x","hash":"x"}'; echo '[1]'; echo '{"username":'; row c10 ",\"roles\":[$(printf '"user",%.0s' {1..64})\"user\"]"; } > lines.json
says 1 '3 added, 0 already there, 9 refused' user import lines.json --yes
for line in '4: roles is neither' '5: a role is no text' '6: names a member that is unknown' '7: disabled is neither' '8: is no JSON' '9: a member is no' \
    '10: is no JSON' '11: is no JSON' '12: there are too many roles'; do
    grep -q "^line $line" err || fail "no line '$line' in: $(cat err)"
done
echo 'username,email,hash,roles,disabled,username' > odd.csv; says 1 'too many' user import odd.csv
: > nothing.csv; says 0 '0 would be added' user import nothing.csv
says 1 '.:' user import .

# Users whose state is told: failures in a row, tokens refused; verbs on who is not there.
printf 'correct horse 9' | "$LATCHKEY" user add zoe --email zoe@x > said || fail 'zoe'
for verb in passwd disable enable unlock delete; do says 1 'there is no account' user $verb nobody; done
says 1 'there is no account' user role nobody give user
says 1 'there is no role' user role zoe give root
says 2 'say `give ROLE`' user role zoe lend user
says 0 'may be tried again' user unlock zoe
says 1 'there is no role' role remove root
says 1 '' role add user
"$LATCHKEY" user list > /dev/full 2> err; is 'a full disk' 1 $?

# Adopt: no roles at all, more to tell than is shown, names that are no Unicode.
cat > theirs.sql <<'END'
CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, username VARCHAR(255), email VARCHAR(255), password VARCHAR(255), createdAt DATETIME NOT NULL, updatedAt DATETIME NOT NULL);
CREATE TABLE roles (id INTEGER PRIMARY KEY, name VARCHAR(255), createdAt DATETIME NOT NULL, updatedAt DATETIME NOT NULL);
CREATE TABLE user_roles (createdAt DATETIME NOT NULL, updatedAt DATETIME NOT NULL, roleId INTEGER NOT NULL, userId INTEGER NOT NULL, PRIMARY KEY (roleId, userId));
END
sqlite3 bare.db < theirs.sql
says 0 'the table is empty' adopt sqlite:bare.db
says 0 'Taken over: 0 names' adopt sqlite:bare.db --yes
is 'roles' 3 "$(sqlite3 bare.db 'SELECT COUNT(*) FROM roles')"
{ cat theirs.sql
  cat <<'END'
INSERT INTO roles VALUES (1, 'user', '2020-01-01', '2020-01-01'), (2, 'moderator', '2020-01-01', '2020-01-01'), (3, 'admin', '2020-01-01', '2020-01-01');
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 140)
    INSERT INTO users SELECT i, CASE WHEN i <= 12 THEN 'same' ELSE 'pair' || (i / 2) END, 'p' || i || '@x', 'x', '2020-01-01 00:00:00', '2020-01-01 00:00:00' FROM n;
INSERT INTO users VALUES (200, CAST(x'ff' AS TEXT), CAST(x'fe' AS TEXT), NULL, '2020-01-01 00:00:00', '2020-01-01 00:00:00');
INSERT INTO user_roles SELECT '2020-01-01 00:00:00', '2020-01-01 00:00:00', 3, id FROM users WHERE id <= 60;
END
} | sqlite3 many.db
says 0 ' and 2 more' adopt sqlite:many.db
for text in '      and 15 more' '      and 31 more' '      and 10 more' '      60 in all, 60 of them' 'names that are not Unicode' 'addresses that are not Unicode'; do
    grep -qF -- "$text" said || fail "'$text' is not in: $(cat said)"
done
says 0 'Taken over' adopt sqlite:many.db --yes
says 2 'usage' adopt sqlite:a.db sqlite:b.db
says 2 'usage' adopt --frob
says 2 'names an engine' adopt oracle:x
says 0 'usage' adopt --help
says 1 'latchkey: adopt' adopt sqlite:no/such/folder.db

# Move: what it asks for, and what it cannot open.
says 0 'usage' move --help
says 2 'usage' move
says 2 'usage' move --from sqlite:import.db
says 2 'usage' move --from
says 2 'usage' move --from sqlite:import.db --to sqlite:x.db --frob=1
says 2 '' move --from sqlite:import.db --to mysql://u:p@h/d
says 2 '' move --from=sqlite:import.db --to=sqlite:x.db --from-password-file=missing
says 1 'latchkey: move' move --from sqlite:no/such.db --to sqlite:x.db
says 0 'Moved.' move --from=sqlite:import.db --to=sqlite:moved.db
"$LATCHKEY" move --from sqlite:import.db --to sqlite:again.db > /dev/full 2> err; is 'a full disk' 1 $?
says 0 'usage' migrate --help
says 1 'latchkey: migrate' migrate --db.url sqlite:no/such.db
unset LATCHKEY_DB_URL

# dev: a secret of its own, kept beside its file where that can be; another's database it leaves alone.
server_start dev
server_stop
[ -s latchkey.db-secret ] || [ -s latchkey.secret ] || ls
says 2 'is not understood' dev --frob
says 1 'latchkey' dev --http.port 0 --db.url sqlite:no/such/folder.db
says 1 '' dev --http.port 0 --db.url sqlite:bare.db
says 2 'is not understood' serve --fresh
says 0 'usage: latchkey serve' serve --help
says 0 'usage: latchkey dev' dev -h
mkdir blocked.db-secret 2> /dev/null
server_start dev --db.url sqlite::memory:
server_stop

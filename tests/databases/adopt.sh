#!/bin/bash
# `latchkey adopt`: what it says of a database that Sequelize made, that it changes no row of it, and
# that the server signs its users in. On SQLite, on MariaDB, and on PostgreSQL as its dialect of Sequelize writes it.
. "$(dirname "$0")/../server.sh"
servers=$(cd "$(dirname "$0")/../servers" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/latchkey-adopt-XXXXXX")
ended() {
    [ -z "$pid" ] || kill "$pid" 2> /dev/null
    "$servers/mariadb" stop "$folder" > /dev/null 2>&1
    "$servers/pgsql" stop "$folder-pg" > /dev/null 2>&1
}
trap ended EXIT
migrations=$(cd "$(dirname "$0")/../../src/store/migrations" && sed -n 's/^CREATE TABLE IF NOT EXISTS \(latchkey_[a-z_]*\).*/\1/p' -- *.sql)
unset LATCHKEY_CONFIG LATCHKEY_DB_URL
cd "$TMP" || exit 1

# 12345678, as bcryptjs hashes it
hash='$2a$08$dDMm7gchjNMky5I.BOtGsOBeY3PJbpUtWGc2uaI1VBXGe/zmgGn82'
now=$(date -u '+%Y-%m-%d %H:%M:%S')
then='2020-01-02 03:04:05'

rows() {
    cat <<END
INSERT INTO roles VALUES (1, 'user', '$then', '$then'), (2, 'moderator', '$then', '$then'), (3, 'admin', '$then', '$then');
INSERT INTO users VALUES (1, 'admin', 'admin@bezkoder.com', '$hash', '$then', '$then'),
    (2, 'mod', 'mod@bezkoder.com', '$hash', '$then', '$then'), (3, 'zkoder', 'user@bezkoder.com', '$hash', '$now', '$now'),
    (4, 'mod', 'other@bezkoder.com', '$hash', '$then', '$then'), (5, 'ZKÓDER ', 'zk@bezkoder.com', NULL, '$then', '$then'),
    (6, NULL, NULL, 'clear text', '$then', '$then');
INSERT INTO user_roles VALUES ('$then', '$then', 3, 1), ('$now', '$now', 3, 2), ('$then', '$then', 2, 2), ('$now', '$now', 1, 3),
    ('$then', '$then', 1, 4);
INSERT INTO ${1}refreshTokens${1} VALUES (1, 'a-token', '2040-01-01 00:00:00', '$now', '$now', 1);
END
}

sqlite_tables() {
    cat <<'END'
CREATE TABLE `users` (`id` INTEGER PRIMARY KEY AUTOINCREMENT, `username` VARCHAR(255), `email` VARCHAR(255), `password` VARCHAR(255), `createdAt` DATETIME NOT NULL, `updatedAt` DATETIME NOT NULL);
CREATE TABLE `roles` (`id` INTEGER PRIMARY KEY, `name` VARCHAR(255), `createdAt` DATETIME NOT NULL, `updatedAt` DATETIME NOT NULL);
CREATE TABLE `user_roles` (`createdAt` DATETIME NOT NULL, `updatedAt` DATETIME NOT NULL, `roleId` INTEGER NOT NULL REFERENCES `roles` (`id`) ON DELETE CASCADE ON UPDATE CASCADE, `userId` INTEGER NOT NULL REFERENCES `users` (`id`) ON DELETE CASCADE ON UPDATE CASCADE, PRIMARY KEY (`roleId`, `userId`));
CREATE TABLE `refreshTokens` (`id` INTEGER PRIMARY KEY AUTOINCREMENT, `token` VARCHAR(255), `expiryDate` DATETIME, `createdAt` DATETIME NOT NULL, `updatedAt` DATETIME NOT NULL, `userId` INTEGER REFERENCES `users` (`id`) ON DELETE SET NULL ON UPDATE CASCADE);
END
}

mariadb_tables() {
    cat <<'END'
CREATE TABLE IF NOT EXISTS `users` (`id` INTEGER NOT NULL auto_increment , `username` VARCHAR(255), `email` VARCHAR(255), `password` VARCHAR(255), `createdAt` DATETIME NOT NULL, `updatedAt` DATETIME NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB;
CREATE TABLE IF NOT EXISTS `roles` (`id` INTEGER , `name` VARCHAR(255), `createdAt` DATETIME NOT NULL, `updatedAt` DATETIME NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB;
CREATE TABLE IF NOT EXISTS `user_roles` (`createdAt` DATETIME NOT NULL, `updatedAt` DATETIME NOT NULL, `roleId` INTEGER , `userId` INTEGER , PRIMARY KEY (`roleId`, `userId`), FOREIGN KEY (`roleId`) REFERENCES `roles` (`id`) ON DELETE CASCADE ON UPDATE CASCADE, FOREIGN KEY (`userId`) REFERENCES `users` (`id`) ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB;
CREATE TABLE `refreshTokens` (`id` int(11) NOT NULL AUTO_INCREMENT, `token` varchar(255) DEFAULT NULL, `expiryDate` datetime DEFAULT NULL, `createdAt` datetime NOT NULL, `updatedAt` datetime NOT NULL, `userId` int(11) DEFAULT NULL, PRIMARY KEY (`id`), KEY `userId` (`userId`), CONSTRAINT `refreshTokens_ibfk_1` FOREIGN KEY (`userId`) REFERENCES `users` (`id`) ON DELETE SET NULL ON UPDATE CASCADE);
END
}

# What Sequelize's models of the tutorial and its sequel make with the dialect postgres; its times have milliseconds.
pgsql_tables() {
    cat <<'END'
CREATE TABLE IF NOT EXISTS "users" ("id"  SERIAL , "username" VARCHAR(255), "email" VARCHAR(255), "password" VARCHAR(255), "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY ("id"));
CREATE TABLE IF NOT EXISTS "roles" ("id" INTEGER , "name" VARCHAR(255), "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL, PRIMARY KEY ("id"));
CREATE TABLE IF NOT EXISTS "user_roles" ("createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL, "roleId" INTEGER  REFERENCES "roles" ("id") ON DELETE CASCADE ON UPDATE CASCADE, "userId" INTEGER  REFERENCES "users" ("id") ON DELETE CASCADE ON UPDATE CASCADE, PRIMARY KEY ("roleId","userId"));
CREATE TABLE IF NOT EXISTS "refreshTokens" ("id"  SERIAL , "token" VARCHAR(255), "expiryDate" TIMESTAMP WITH TIME ZONE, "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL, "userId" INTEGER REFERENCES "users" ("id") ON DELETE SET NULL ON UPDATE CASCADE, PRIMARY KEY ("id"));
END
}

# says TEXT: a line of the last report holds it.
says() { grep -qF -- "$1" report || { cat report; fail "adopt does not say '$1'"; }; }

# Without hashes, and without the time of a row's last change.
unhashed() { sed -E 's/[$]2[ab][$][^|\t]*/HASH/; /HASH/s/[|\t][^|\t]*$//'; }

# taken_over URL DUMP FACT [ARG ...]: DUMP prints every row of the tables that were there, FACT one fact of
# latchkey_meta; the rest are flags for each command.
taken_over() {
    local url_=$1 dump=$2 fact=$3 before adopted table
    shift 3
    before=$($dump)
    "$LATCHKEY" adopt "$url_" "$@" > report || fail 'the dry run'
    says 'a dry run'
    says '  users                              6'
    says '  passwords hashed $2a$ cost 8       4'
    says '  users without a password           1'
    says '  hashes that nobody can read        1'
    says '      mod (id 2), mod (id 4)'
    says '      zkoder (id 3), ZKÓDER  (id 5)'
    says '  users without a name               1'
    says '  users without a role               2'
    says '      admin (id 1), from his own sign-up'
    says '      2 in all, 1 of them may have given it to themselves'
    says '  refresh tokens of the sequel       1'
    says '  latchkey_users_username    plain index'
    says 'drops users, roles and user_roles'
    is 'the rows after the dry run' "$before" "$($dump)"
    for table in $migrations; do says "  $table"; done
    "$LATCHKEY" adopt "$url_" "$@" > again && diff report again || fail 'the dry run changed what it reports'

    "$LATCHKEY" adopt --yes "$url_" "$@" > report || fail 'the adoption'
    says 'Taken over: 10 names and addresses'
    says '--session.compat sequel'
    adopted=$($fact adopted_at)
    is 'the rows after the adoption' "$before" "$($dump)"
    "$LATCHKEY" adopt "$url_" --yes "$@" > report || fail 'the second adoption'
    says 'latchkey_names             which account holds a name or an address (is there already)'
    says 'Taken over: 10 names and addresses'
    is 'the rows after the second adoption' "$before" "$($dump)"

    timeout 20 "$LATCHKEY" dev --db.url "$url_" "$@" 2> err < /dev/null && fail 'dev starts on what adopt has used'
    server_start serve --token.secret-file secret --db.url "$url_" --session.compat sequel "$@"
    [[ $(post /api/auth/signin '{"username":"admin","password":"12345678"}') == *'"roles":["ROLE_ADMIN"]'* ]] || fail 'admin'
    [[ $(post /api/auth/signin '{"username":"MOD","password":"12345678"}') == *'"id":2,'* ]] || fail 'the lowest id keeps its name'
    [[ $(post /api/auth/signup '{"username":"Zkoder","email":"n@x","password":"123456789"}') == *'already in use'* ]] ||
        fail 'a name that is claimed is given again'
    [[ $(post /api/auth/refreshtoken '{"refreshToken":"a-token"}') == *'"refreshToken":"a-token"'* ]] || fail "the sequel's token"
    [[ $(post /api/auth/signup '{"username":"new","email":"n@x","password":"correct horse 9"}') == *'registered'* ]] || fail 'a sign-up'
    [[ $(post /api/auth/signin '{"username":"new","password":"correct horse 9"}') == *'"id":7,'*'"roles":["ROLE_USER"]'* ]] || fail 'the next id'
    server_stop
    is 'who owns it after serving' adopt "$($fact owner)"
    is 'when it was adopted' "$adopted" "$($fact adopted_at)"
    # Two were hashed anew when they signed in, so that the original still reads them.
    is 'hashes that bcryptjs reads' 5 "$($dump | grep -c '[$]2[ab][$]\(08\|10\)[$]')"
    is 'rows that are gone or changed after serving' '' "$(comm -23 <(unhashed <<< "$before" | sort) <($dump | unhashed | sort))"
}

(umask 077; head -c 32 /dev/urandom | base64 > secret)

sqlite_dump() { sqlite3 theirs.db 'SELECT * FROM users; SELECT * FROM roles; SELECT * FROM user_roles; SELECT * FROM refreshTokens'; }
{ sqlite_tables; rows '`' | sed "s/\(:[0-9][0-9]\)'/\1.000 +00:00'/g"; } | sqlite3 theirs.db
sqlite_fact() { sqlite3 theirs.db "SELECT value FROM latchkey_meta WHERE meta_key = '$1'"; }
taken_over sqlite:theirs.db sqlite_dump sqlite_fact

"$LATCHKEY" adopt sqlite:empty.db > report 2> err && fail 'a database without the tables is adopted'
grep -q 'no table `users`' err || fail 'adopt does not say what is missing'
"$LATCHKEY" adopt mysql://a:b@h/d > report 2> err && fail 'a URL with a password is taken'
"$LATCHKEY" adopt > report 2> err; is 'the exit status without a URL' 2 $?

"$servers/mariadb" start "$folder" > mariadb.url || fail 'MariaDB does not start'
sql() { "$servers/mariadb" sql "$folder"; }
{ mariadb_tables; rows '`'; } | sql || fail 'the tables'
(umask 077; printf test > password)
mariadb_dump() { echo 'SELECT * FROM users; SELECT * FROM roles; SELECT * FROM user_roles; SELECT * FROM refreshTokens' | sql; }
mariadb_fact() { echo "SELECT value FROM latchkey_meta WHERE meta_key = '$1'" | sql | tail -n 1; }
taken_over "mysql://latchkey@127.0.0.1:$(cat "$folder/port")/latchkey" mariadb_dump mariadb_fact --db.password-file password
is 'the keys that describe shows' 'id PRI,username MUL,email MUL,' \
    "$(echo 'DESCRIBE users' | sql | awk -F'\t' '$4 != "" && NR > 1 { printf "%s %s,", $1, $4 }')"

"$servers/pgsql" start "$folder-pg" > pgsql.url || fail 'PostgreSQL does not start'
sql() { { echo "SET TimeZone = 'UTC';"; cat; } | "$servers/pgsql" sql "$folder-pg"; }
{ pgsql_tables; rows '"' | sed "s/\(:[0-9][0-9]\)'/\1.120 +00:00'/g"
  echo "SELECT setval('users_id_seq', 6), setval('\"refreshTokens_id_seq\"', 1);"; } | sql > out || fail 'the tables'
pgsql_dump() { for t in users roles user_roles '"refreshTokens"'; do echo "COPY (SELECT * FROM $t ORDER BY 1, 2, 3, 4) TO STDOUT;"; done | sql; }
pgsql_fact() { echo "COPY (SELECT value FROM latchkey_meta WHERE meta_key = '$1') TO STDOUT" | sql; }
taken_over "pgsql://latchkey@127.0.0.1:$(cat "$folder-pg/port")/latchkey" pgsql_dump pgsql_fact --db.password-file password

#!/bin/bash
# What `dev` and `serve` make in an empty MariaDB is what `describe` shows in the tutorial, but for the plain
# indexes: MUL beside username and email (docs/databases.md). With its three roles.
. "$(dirname "$0")/../server.sh"
servers=$(cd "$(dirname "$0")/../servers" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/latchkey-describe-XXXXXX")
trap '[ -z "$pid" ] || kill "$pid" 2> /dev/null; "$servers/mariadb" stop "$folder" > /dev/null 2>&1' EXIT
unset LATCHKEY_CONFIG LATCHKEY_DB_URL
cd "$TMP" || exit 1
(umask 077; head -c 32 /dev/urandom | base64 > secret; printf test > password)
"$servers/mariadb" start "$folder" > mariadb.url || fail 'MariaDB does not start'
sql() { "$servers/mariadb" sql "$folder" | tr '\t' ' '; }

cat > wanted <<'END2'
Field Type Null Key Default Extra
id int(11) NO PRI NULL auto_increment
username varchar(255) YES MUL NULL 
email varchar(255) YES MUL NULL 
password varchar(255) YES  NULL 
createdAt datetime NO  NULL 
updatedAt datetime NO  NULL 
Field Type Null Key Default Extra
id int(11) NO PRI NULL 
name varchar(255) YES  NULL 
createdAt datetime NO  NULL 
updatedAt datetime NO  NULL 
Field Type Null Key Default Extra
createdAt datetime NO  NULL 
updatedAt datetime NO  NULL 
roleId int(11) NO PRI NULL 
userId int(11) NO PRI NULL 
id name
1 user
2 moderator
3 admin
END2
for command in dev serve; do
    server_start "$command" --token.secret-file secret --db.url "mysql://latchkey@127.0.0.1:$(cat "$folder/port")/latchkey" --db.password-file password
    server_stop
    echo 'describe users; describe roles; describe user_roles; SELECT id, name FROM roles ORDER BY id' | sql > got
    diff wanted got || fail "$command made other tables"
    echo 'DROP DATABASE latchkey; CREATE DATABASE latchkey' | sql
done

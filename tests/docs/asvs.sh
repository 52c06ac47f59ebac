#!/bin/bash
# docs/asvs.md names no test that does not exist, and every test of tests/security/run stands in it.
cd "$(dirname "$0")/../.." || exit 1
bad=0

grep -o '`[a-z_0-9]*: [A-Za-z_0-9]*`' docs/asvs.md | tr -d '`' | sort -u > "$TMP/names"
[ "$(wc -l < "$TMP/names")" -gt 50 ] || { echo 'too few names were found'; exit 1; }
while IFS=': ' read -r where name; do
    if [ "$where" = security ]; then grep -q "^def $name(" tests/security/run
    else grep -q "^TEST($name)" "tests/unit/$where.c"; fi || { echo "$where has no $name"; bad=1; }
done < "$TMP/names"
for file in $(grep -o '`tests/[^`]*`' docs/asvs.md | tr -d '`'); do
    [ -e "$file" ] || { echo "there is no $file"; bad=1; }
done
for name in $(sed -n 's/^def \([A-Z]*_[A-Za-z_0-9]*\)(.*/\1/p' tests/security/run); do
    [[ $name == JWT_00_* ]] || grep -q "security: $name" docs/asvs.md || { echo "docs/asvs.md leaves out $name"; bad=1; }
done
exit $bad

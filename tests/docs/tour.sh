#!/bin/bash
# The functions that the tour names with () exist, and so do the files that any document names.
cd "$(dirname "$0")/../.." || exit 1
bad=0

functions=$(grep -oE '`[a-z_0-9]+\(\)`' docs/tour.md | tr -d '`()' | sort -u)
[ -n "$functions" ] || { echo 'the tour names no function'; exit 1; }
for f in $functions; do
    grep -rqE "^[a-z].*[ *]$f\(" src --include='*.c' || { echo "docs/tour.md: there is no $f()"; bad=1; }
done
for document in README.md CONTRIBUTING.md SECURITY.md docs/*.md docs/decisions/*.md; do
    for file in $(grep -oE '`(src|tests|docs|tools|bench)/[A-Za-z0-9_./-]+`' "$document" | tr -d '`'); do
        [ -e "$file" ] || [ "$file" = tests/api/reports.http ] || { echo "$document: there is no $file"; bad=1; }
    done
done
exit $bad

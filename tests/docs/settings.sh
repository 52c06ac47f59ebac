#!/bin/bash
# docs/settings.md is what the program prints, and the manual names every setting with its default.
cd "$(dirname "$0")/../.." || exit 1

"$LATCHKEY" settings --markdown | diff docs/settings.md - || { echo 'docs/settings.md is stale'; exit 1; }
sed -n 's/^| `\([a-z]*\)\.\([a-z-]*\)` | [^|]* | \([^|]*\) |.*/\1 \2 \3/p' docs/settings.md > "$TMP/rows"
[ -s "$TMP/rows" ] || { echo 'no rows were found'; exit 1; }
while read -r _ name default; do
    grep -q "^\.It Ic $name " docs/latchkey.conf.5 || { echo "latchkey.conf.5 does not name $name"; exit 1; }
    default=${default//\`/}
    [ "$default" = none ] || sed -n "/^\.It Ic $name /,/^\.It/p" docs/latchkey.conf.5 | grep -qF "$default" ||
        { echo "latchkey.conf.5 has another default for $name than $default"; exit 1; }
done < "$TMP/rows"

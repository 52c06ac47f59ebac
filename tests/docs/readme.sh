#!/bin/bash
# The README's console: every `$ ` line is run against a server of its own and answers as it says there.
. "$(dirname "$0")/../server.sh"
readme=$(dirname "$0")/../../README.md

server_start dev
commands=0 TOKEN='' command='' wanted=''
export TOKEN

# Run the command at hand; a token is told by its shape.
check() {
    [ -n "$command" ] || return 0
    commands=$((commands + 1))
    if [[ $command =~ ^TOKEN= ]]; then eval "$command"; return; fi
    is "$command" "$wanted" "$(eval "$command" | sed -E 's/eyJ[A-Za-z0-9_.-]+/TOKEN/')"
}

while IFS= read -r line; do
    case $line in
    '$ '*) check; command=${line#$ } command=${command//http:\/\/localhost:8080/$url} wanted='' ;;
    *)     wanted+=${wanted:+$'\n'}$line ;;
    esac
done < <(sed -n '/^```console$/,/^```$/{/^```/d;p}' "$readme")
check
[ $commands -gt 5 ] || fail "the README has only $commands commands"
server_stop

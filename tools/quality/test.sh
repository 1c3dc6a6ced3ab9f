#!/usr/bin/env bash
# All tests (make test): the ordinary ones, and those that start or kill a whole platform, two files at a time, each
# with a platform of its own. Both rounds run side by side, since both wait more than they compute; what the second one
# says is shown once the first is over. Arguments are passed on to pytest in both rounds.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
nothing_ran=5

# In a session of their own, that steps back as far as workers do: else the kernel, which shares time by sessions, would
# leave next to nothing to the workers of the platforms under test.
if [ -z "${RT_TEST_SESSION:-}" ]; then
    RT_TEST_SESSION=1 setsid "tools/quality/test.sh" "$@" &
    session=$!
    trap 'kill -TERM -- "-$session" 2>/dev/null' INT TERM EXIT
    wait "$session"
    exit
fi
{ echo 15 >/proc/self/autogroup; } 2>/dev/null

round() { # round TITLE PYTEST-ARGUMENTS
    local started=$EPOCHREALTIME code=0
    printf '== %s\n' "$1"
    .venv/bin/python -m pytest "${@:2}" || code=$?
    awk -v title="$1" -v from="$started" -v to="$EPOCHREALTIME" 'BEGIN { printf "== %s: %.1f s\n", title, to - from }'
    return "$code"
}

later=$(mktemp)
round 'whole platform' -v -n 2 --dist loadfile -m 'e2e or faults' "$@" >"$later" 2>&1 &
beside=$!
trap 'kill "$beside" 2>/dev/null; rm -f "$later"' EXIT

round 'ordinary tests' -q -n 6 -m 'not e2e and not faults' "$@"
codes=("$?")
tail -n +1 -f --pid="$beside" "$later"
wait "$beside"
codes+=("$?")

if [ "${codes[*]}" = "$nothing_ran $nothing_ran" ]; then
    printf 'no test ran\n'
    exit "$nothing_ran"
fi
for code in "${codes[@]}"; do
    if [ "$code" != 0 ] && [ "$code" != "$nothing_ran" ]; then exit "$code"; fi
done

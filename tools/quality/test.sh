#!/usr/bin/env bash
# All tests (make test): the ordinary ones side by side, then those that start or kill a whole platform, three files
# at a time, each with a platform of its own. Arguments are passed on to pytest in both rounds.
#
# There are more processes than processors, as some tests only wait. Each reads all test files of its round, which
# takes it as long as a hundred tests: conftest.py sees that none is left out.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
# The processes of a run import the same files again and again, and each would compile them anew.
unset PYTHONDONTWRITEBYTECODE
nothing_ran=5
codes=()

round() { # round TITLE PYTEST-ARGUMENTS
    local started=$EPOCHREALTIME code=0
    printf '== %s\n' "$1"
    .venv/bin/python -m pytest "${@:2}" || code=$?
    awk -v title="$1" -v from="$started" -v to="$EPOCHREALTIME" 'BEGIN { printf "== %s: %.1f s\n", title, to - from }'
    codes+=("$code")
}

round 'ordinary tests' -q -n 5 --dist worksteal -o 'testpaths=libs services tools' -m 'not e2e and not faults' "$@"
round 'whole platform' -v -n 3 --dist loadfile --no-loadscope-reorder -o testpaths=tests -m 'e2e or faults' "$@"

if [ "${codes[*]}" = "$nothing_ran $nothing_ran" ]; then
    printf 'no test ran\n'
    exit "$nothing_ran"
fi
for code in "${codes[@]}"; do
    if [ "$code" != 0 ] && [ "$code" != "$nothing_ran" ]; then exit "$code"; fi
done

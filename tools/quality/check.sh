#!/usr/bin/env bash
# Everything that can be said about the code without running it (make check). Without arguments all steps run and
# the failed ones are listed at the end; arguments name the steps to run.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
python=.venv/bin/python
export PYTHONDONTWRITEBYTECODE=1

format() { .venv/bin/ruff format --check .; }
lint() { .venv/bin/ruff check --quiet .; }
types() { "$python" -m tools.quality.types; }
boundaries() { "$python" -m tools.quality.boundaries; }
locks() { tools/quality/lock.sh --check; }
house() { "$python" -m tools.quality.house; }
images() { .venv/bin/hadolint --config .hadolint.yaml services/*/Dockerfile tools/*/Dockerfile tests/compose/standins/*.dockerfile; }
k8s() { "$python" -m tools.deploy.k8s_check; }
docs() { "$python" -m tools.quality.docs_check; }

steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(format lint types boundaries locks house images k8s docs)
failed=()
output=$(mktemp)
trap 'rm -f "$output"' EXIT

for step in "${steps[@]}"; do
    started=$EPOCHREALTIME
    result=ok
    "$step" >"$output" 2>&1 || { result=FAILED; failed+=("$step"); }
    awk -v step="$step" -v result="$result" -v from="$started" -v to="$EPOCHREALTIME" \
        'BEGIN { printf "%-11s %-7s %6.1f s\n", step, result, to - from }'
    if [ "$result" != ok ] || [ "$step" = house ]; then sed 's/^/    /' "$output"; fi
done

if [ ${#failed[@]} -gt 0 ]; then
    printf 'check failed: %s\n' "${failed[*]}"
    exit 1
fi

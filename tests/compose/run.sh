#!/usr/bin/env bash
# Proves docker-compose.yml: builds all images, brings everything up under a name and on ports of its own, looks at
# how the containers run, runs the end-to-end tests against them, prints figures, and takes all down again.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: tests/compose/run.sh [options] [-- arguments for pytest]
  --if-possible      where this machine cannot run containers, say why and end well
  --pull             try to get the real base images first
  --keep             leave everything running for a look
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../.." && pwd)
logs="$project/var/compose"
python="$project/.venv/bin/python"
needed_gib=12
if_possible=no pull=no keep=no
compose=() standing_in=() figures=()
context='' work='' up=no

while [ $# -gt 0 ]; do
    case $1 in
        --if-possible) if_possible=yes; shift ;;
        --pull) pull=yes; shift ;;
        --keep) keep=yes; shift ;;
        --help) usage; exit 0 ;;
        --) shift; break ;;
        *) usage >&2; exit 2 ;;
    esac
done

# shellcheck source=tests/bootstrap/chroot.sh
. "$here/../bootstrap/chroot.sh"
# shellcheck source=tests/compose/engine.sh
. "$here/engine.sh"
# shellcheck source=tests/compose/standins.sh
. "$here/standins.sh"

die() {
    say "$*"
    if [ "$if_possible" = yes ]; then say "the compose test is left out"; exit 0; fi
    exit 2
}

clear_away() {
    local code=$?
    if [ "$up" = yes ]; then
        "${compose[@]}" logs --no-color --timestamps >"$logs/all.log" 2>&1 || true
        if [ "$keep" = yes ]; then
            say "left running: project $COMPOSE_PROJECT_NAME at http://127.0.0.1:$GATEWAY_PORT, secrets in $RT_SECRETS"
            return "$code"
        fi
        "${compose[@]}" down --volumes --remove-orphans --timeout 30 >"$logs/down.log" 2>&1 || say "see $logs/down.log"
        # What they were built from stays in the builder's cache.
        docker image ls --quiet --filter "reference=$RT_IMAGES/*" | sort -u | xargs -r docker rmi --force >/dev/null || true
    fi
    rm -rf "${context:?}" "${work:?}"
    stop_engine
    return "$code"
}

timed() { # timed NAME COMMAND...: its seconds become a figure, its output a log that is shown when it fails
    local name=$1 started=$EPOCHREALTIME log code=0
    shift
    log="$logs/${name// /-}.log"
    say "$name"
    "$@" >"$log" 2>&1 || code=$?
    figures+=("$name: $(awk -v from="$started" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", to - from }')")
    if [ "$code" != 0 ]; then tail -n 40 "$log" | sed 's/^/    /' >&2; fi
    return "$code"
}

require_space() {
    local free
    free=$(df --output=avail -BG "$(docker info --format '{{.DockerRootDir}}')" | tail -n 1 | tr -dc 0-9)
    [ "$free" -ge "$needed_gib" ] || die "$free GiB free where images go, $needed_gib are needed"
}

# Names, ports and limits of this run, in the variables that the compose files read.
choose_settings() {
    local ports name limits
    export COMPOSE_PROJECT_NAME="running-trainer-test-$$" COMPOSE_PARALLEL_LIMIT=1
    export COMPOSE_FILE="$project/docker-compose.yml:$project/docker-compose.emulator.yml"
    export RT_IMAGES=running-trainer-test RT_SECRETS="$work/secrets"
    mapfile -t ports < <("$python" -c 'from common.testing.ports import free_port
for _ in range(8): print(free_port())')
    for name in GATEWAY TRAINER PDF STRAVA AUTH ANALYTICS THUMBNAILS EMULATOR; do
        export "${name}_PORT=${ports[0]}"
        ports=("${ports[@]:1}")
    done
    export PUBLIC_URL="http://127.0.0.1:$GATEWAY_PORT"
    limits=$(PYTHONPATH="$project/tests/support/src" "$python" -c 'import running_platform
for name, value in running_platform.LIMITS.items(): print(f"{name}={value}")')
    while read -r name; do export "${name?}"; done <<<"$limits"
}

make_admin() {
    local answer
    answer=$("${compose[@]}" exec -T auth python -m auth.admin --email admin@example.org --role admin)
    export RT_E2E_URL="$PUBLIC_URL" RT_E2E_STRAVA_URL="http://127.0.0.1:$EMULATOR_PORT"
    RT_E2E_ADMIN_EMAIL=admin@example.org
    RT_E2E_ADMIN_PASSWORD=$("$python" -c 'import json, sys; print(json.loads(sys.argv[1])["password"])' "$answer")
    export RT_E2E_ADMIN_EMAIL RT_E2E_ADMIN_PASSWORD
}

look_at_containers() {
    "${compose[@]}" ps --all --quiet | xargs docker inspect | "$python" "$here/look.py" "$RT_SECRETS"
}

run_tests() { # no servers for the tests themselves: these look through the gateway only
    cd "$project"
    TEST_DATABASE_ADMIN_URL=none TEST_REDIS_URL=none \
        "$python" -m pytest tests/e2e -v -m 'e2e and not inside' -p no:cacheprovider "$@"
}

measure_sizes() {
    local image size base
    base=$(docker image inspect --format '{{.Size}}' "${PYTHON_IMAGE:-${bases[0]}}")
    figures+=("base image: $((base >> 20)) MiB")
    while read -r image; do
        size=$(docker image inspect --format '{{.Size}}' "$image")
        figures+=("image $(basename "${image%%:*}"): $((size >> 20)) MiB, $(((size - base) >> 20)) MiB over its base")
    done < <("${compose[@]}" config --images | grep "^$RT_IMAGES/" | sort -u)
}

measure_memory() {
    local line
    while read -r line; do figures+=("memory idle: $line"); done < <("${compose[@]}" ps --quiet |
        xargs docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' | "$python" "$here/look.py" --memory)
}

trap clear_away EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$logs"
work=$(mktemp -d)
prepare_context
require_engine
require_space
require_debian
require_compose
require_bases
if_possible=no # from here on what fails is ours
choose_settings
"$python" "$project/tools/deploy/make_secrets.py" --folder "$RT_SECRETS" >/dev/null

timed 'build' "${compose[@]}" build
up=yes
timed 'cold start' "${compose[@]}" up --detach --wait --wait-timeout 300 --no-build
make_admin
look_at_containers
measure_sizes
measure_memory
code=0
timed 'tests' run_tests "$@" || code=$?
grep -E '^(FAILED|ERROR|=+ .* in )' "$logs/tests.log" >&2 || true
timed 'stop' "${compose[@]}" stop --timeout 30
timed 'start again' "${compose[@]}" up --detach --wait --wait-timeout 300 --no-build
curl -sf -o /dev/null "$PUBLIC_URL/health" || { say "no health after the second start"; code=1; }
printf '%s\n' "${figures[@]}"
exit "$code"

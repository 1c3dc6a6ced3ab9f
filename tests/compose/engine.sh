# A Docker engine and Compose: those that are here, or Debian's, for the time of a run. Sourced by run.sh, after
# tests/bootstrap/chroot.sh.

compose_version=2.24 # the oldest that knows all of our file
engine_package=docker.'io' # in two parts, as it reads like the address of a registry
engine_pid=
engine_folder=

engine_answers() { timeout 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

require_engine() {
    if engine_answers; then return 0; fi
    [ "$(id -u)" = 0 ] || die "no Docker engine answers, and starting one needs root"
    if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
        say "installing Debian's Docker engine"
        apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends "$engine_package" iptables >/dev/null ||
            die "Debian's Docker engine cannot be installed"
    fi
    start_engine
}

# An engine of our own: its socket and its state are in folders of ours, its images stay for the next run.
start_engine() {
    local deadline=$((SECONDS + 60))
    mkdir -p "$cache/engine"
    engine_folder=$(mktemp -d /run/running-trainer-engine.XXXXXX)
    export DOCKER_HOST="unix://$engine_folder/docker.sock"
    say "starting a Docker engine"
    dockerd --host "$DOCKER_HOST" --data-root "$cache/engine" --exec-root "$engine_folder/exec" \
        --pidfile "$engine_folder/pid" >"$engine_folder/log" 2>&1 &
    engine_pid=$!
    until engine_answers; do
        if ! kill -0 "$engine_pid" 2>/dev/null || [ "$SECONDS" -ge "$deadline" ]; then
            tail -n 20 "$engine_folder/log" | sed 's/^/    /' >&2
            stop_engine
            die "the Docker engine does not start here"
        fi
        sleep 0.5
    done
}

stop_engine() {
    if [ -z "$engine_pid" ]; then return 0; fi
    kill -TERM "$engine_pid" 2>/dev/null || true
    wait "$engine_pid" 2>/dev/null || true
    rm -rf --one-file-system "$engine_folder"
    engine_pid=
}

recent_enough() { # recent_enough COMMAND...: is it Compose, and at least $compose_version
    local found
    found=$("$@" version --short 2>/dev/null) || return 1
    printf '%s\n%s\n' "$compose_version" "${found#v}" | sort -V -C
}

# Sets `compose` to the command: the client's plugin, a program of its own, or the one in Debian's newer package.
require_compose() {
    local program="$cache/docker-compose-trixie"
    if recent_enough docker compose; then
        compose=(docker compose)
    elif recent_enough docker-compose; then
        compose=(docker-compose)
    else
        [ -x "$program" ] || fetch_compose "$program"
        compose=("$program")
        recent_enough "${compose[@]}" || die "no Docker Compose $compose_version or newer"
    fi
}

fetch_compose() {
    local container plugin=usr/libexec/docker/cli-plugins/docker-compose
    say "taking Docker Compose out of Debian's package"
    container=$(docker create standin/debian:trixie sh -ec \
        'cd /tmp && apt-get -qq update && apt-get -qq download docker-compose && dpkg-deb -x docker-compose_*.deb found')
    docker cp -q "$context/host/." "$container:/" 2>/dev/null || docker cp "$context/host/." "$container:/"
    docker start -a "$container" >&2 || die "Docker Compose cannot be had here"
    docker cp "$container:/tmp/found/$plugin" "$1" >/dev/null
    docker rm "$container" >/dev/null
}

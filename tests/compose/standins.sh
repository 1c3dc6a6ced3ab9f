# Images that stand in for the base images where there is no registry: made of Debian packages, with the tags and the
# entry points of the originals, in the repository `standin`. Sourced by run.sh, after engine.sh.

bases=(python:3.13-slim-trixie postgres:17-trixie valkey/valkey:8-trixie)

# The setting by which docker-compose.yml is told of another base image.
setting_of() {
    case $1 in
        python:*) printf PYTHON_IMAGE ;;
        postgres:*) printf POSTGRES_IMAGE ;;
        valkey/*) printf VALKEY_IMAGE ;;
    esac
}

# A build context in $context: the stand-ins' own files, and what this machine needs to reach packages in `host`.
prepare_context() {
    context=$(mktemp -d)
    cp -r "$here/standins/." "$context/"
    chroot="$context/host" # where chroot.sh writes settings to
    mkdir -p "$chroot/etc/apt/apt.conf.d" "$chroot/etc/apt/sources.list.d" "$chroot/etc/ssl/certs"
    cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$chroot/etc/ssl/certs/ca-certificates.crt"
    write_apt_settings trixie
    write_pip_settings
    # Folders of this machine do not exist in an image.
    sed -i -E '/^find-links/d; /file:/d' "$chroot/etc/pip.conf"
    chroot=
}

require_debian() {
    if docker image inspect standin/debian:trixie >/dev/null 2>&1; then return 0; fi
    local archive
    archive=$(base_archive trixie)
    say "importing Debian trixie"
    docker import "$archive" standin/debian:trixie >/dev/null
}

# For every base image: the real one when it is here (or comes, with --pull), else its stand-in.
require_bases() {
    local base wanted=()
    for base in "${bases[@]}"; do
        if [ "$pull" = yes ]; then timeout 300 docker pull -q "$base" || true; fi
        if docker image inspect "$base" >/dev/null 2>&1; then continue; fi
        export "$(setting_of "$base")=standin/${base#valkey/}"
        standing_in+=("$base")
        wanted+=("$(basename "${base%%:*}")")
    done
    if [ ${#wanted[@]} -gt 0 ]; then
        say "stand-ins for ${standing_in[*]}"
        CONTEXT="$context" COMPOSE_PARALLEL_LIMIT=1 "${compose[@]}" -f "$context/compose.yaml" build -q "${wanted[@]}" ||
            die "the stand-ins cannot be built here"
    fi
}

# A fresh Debian in a folder: made once and kept as an archive, unpacked for every run, entered, cleared away.
# Sourced by run.sh. The host's own ways to reach packages (mirror, proxy, certificates, pip settings) are read
# when it runs and written only into the unpacked folder.

cache=${RT_CACHE:-/var/cache/running-trainer}
max_age_days=30
ordinary=runner # the user who is not root
mounts=()
chroot=

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

# Lines "uri release component" of the host's own package sources, as if the host were the suite $1.
apt_sources() {
    local codename
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v host="$codename" -v suite="$1" 'index($2, host) == 1 { sub(host, suite, $2); print }' | sort -u
}

mirror_for() {
    local found
    found=${RT_DEBIAN_MIRROR:-$(apt_sources "$1" | awk -v suite="$1" '$2 == suite { print $1; exit }')}
    [ -n "$found" ] || die "no Debian mirror among this host's package sources: set RT_DEBIAN_MIRROR"
    printf '%s' "$found"
}

require_debootstrap() {
    command -v debootstrap >/dev/null && return
    say "installing debootstrap"
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y debootstrap >/dev/null
}

# The archive of suite $1, made when it is missing or older than $max_age_days; its path on stdout.
base_archive() {
    local suite=$1 archive work
    archive="$cache/debian-$suite-$(dpkg --print-architecture).tar.gz"
    if [ -z "$(find "$archive" -mtime "-$max_age_days" 2>/dev/null)" ]; then
        require_debootstrap
        mkdir -p "$cache"
        work=$(mktemp -d "$cache/base.XXXXXX")
        say "making a fresh $suite (about a minute)"
        debootstrap --variant=minbase --include=git,make,python3,ca-certificates \
            "$suite" "$work" "$(mirror_for "$suite")" >"$cache/debootstrap-$suite.log" 2>&1 ||
            die "debootstrap failed, see $cache/debootstrap-$suite.log"
        tar -C "$work" --numeric-owner --one-file-system -cf - . | gzip -1 >"$archive.part"
        mv "$archive.part" "$archive"
        rm -rf --one-file-system "$work"
    fi
    printf '%s' "$archive"
}

bind() { # bind SOURCE TARGET [options]: mount and remember, so that leave_chroot takes it away again
    mkdir -p "$2"
    mount "${@:3}" "$1" "$2"
    mounts+=("$2")
}

# A path that the host's settings name must exist at the same place inside: folders are bound, files copied.
share_path() {
    local path=$1
    if [ ! -e "$path" ] || [ -e "$chroot$path" ]; then return 0; fi
    if [ -d "$path" ]; then
        bind "$path" "$chroot$path" --bind
        mount -o remount,ro,bind "$chroot$path"
    else
        install -D -m 644 "$path" "$chroot$path"
    fi
}

write_apt_settings() {
    rm -f "$chroot/etc/apt/sources.list.d/"*
    if [ -n "${RT_DEBIAN_MIRROR:-}" ]; then
        printf 'deb %s %s main\n' "$RT_DEBIAN_MIRROR" "$1"
    else
        apt_sources "$1" | sed 's/^/deb /'
    fi >"$chroot/etc/apt/sources.list"
    apt-config dump Acquire | grep -E '^Acquire::(https?|ftp|Check-|AllowInsecure|Retries)' \
        >"$chroot/etc/apt/apt.conf.d/99host" || true
    if [ -d /etc/apt/auth.conf.d ]; then cp -r /etc/apt/auth.conf.d "$chroot/etc/apt/"; fi
}

# Of pip's settings those by which it reaches packages; what else the host sets (constraints, say) is the host's own.
reaching='index-url|extra-index-url|find-links|no-index|trusted-host|cert|client-cert|proxy|timeout|default-timeout|retries'

host_pip() { { python3 -m pip "$@" || "$project/.venv/bin/python" -m pip "$@"; } 2>/dev/null; }

write_pip_settings() {
    local section
    for section in global install; do
        printf '[%s]\n' "$section"
        host_pip config list | sed -nE "s/^$section\.($reaching)='(.*)'$/\1 = \2/p" | sed 's/\\n/\n    /g'
    done >"$chroot/etc/pip.conf"
}

write_host_settings() {
    local path
    cp -L /etc/resolv.conf /etc/hosts "$chroot/etc/"
    cp -L "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$chroot/etc/ssl/certs/ca-certificates.crt"
    write_apt_settings "$1"
    write_pip_settings
    while read -r path; do share_path "$path"; done < <(
        { cat "$chroot/etc/pip.conf"; passed_environment; } | grep -oE '(file://|[= ])/[^ ,;]+' |
            sed -E 's#^(file://|[= ])##; s#/simple/?$##' | sort -u
    )
}

# Variables by which the host tells pip, git and others how to reach the network, one NAME=value a line.
passed_environment() {
    local names=${reaching//-/_}
    env | grep -E "^(PIP_(${names^^})|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS)=" || true
}

enter_chroot() { # enter_chroot SUITE: unpack, mount, pass the host's settings on
    local archive
    archive=$(base_archive "$1")
    chroot=$(mktemp -d "$cache/run.XXXXXX")
    tar -C "$chroot" --numeric-owner -xzpf "$archive"
    chmod 755 "$chroot"
    bind proc "$chroot/proc" -t proc
    bind devpts "$chroot/dev/pts" -t devpts
    bind tmpfs "$chroot/dev/shm" -t tmpfs -o mode=1777
    : >"$chroot/dev/null" || die "$cache is on a file system without device files: set RT_CACHE to another"
    write_host_settings "$1"
    inside root / 'apt-get -qq update' || die "apt-get update failed inside $1"
}

inside() { # inside USER FOLDER COMMAND: a clean environment, no terminal, no input
    local name=$ordinary ids=1000 home="/home/$ordinary" passed
    if [ "$1" = root ]; then name=root ids=0 home=/root; fi
    mapfile -t passed < <(passed_environment)
    chroot --userspec="$ids:$ids" --groups="$ids" "$chroot" /usr/bin/env -i "${passed[@]}" \
        HOME="$home" USER="$name" LOGNAME="$name" LANG=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin RT_PORT_BASE="${port_base:-8000}" \
        /bin/bash -c "cd '$2' && $3" </dev/null
}

pids_inside() {
    local entry
    for entry in /proc/[0-9]*; do
        if [ "$(readlink "$entry/root" 2>/dev/null)" = "$chroot" ]; then printf '%s\n' "${entry#/proc/}"; fi
    done
}

stop_inside() {
    local pids deadline=$((SECONDS + 30))
    mapfile -t pids < <(pids_inside)
    if [ ${#pids[@]} -gt 0 ]; then kill -TERM "${pids[@]}" 2>/dev/null || true; fi
    while mapfile -t pids < <(pids_inside) && [ ${#pids[@]} -gt 0 ]; do
        if [ "$SECONDS" -ge "$deadline" ]; then kill -KILL "${pids[@]}" 2>/dev/null || true; fi
        sleep 0.2
    done
}

leave_chroot() {
    local index
    if [ -z "$chroot" ]; then return 0; fi
    stop_inside
    for ((index = ${#mounts[@]} - 1; index >= 0; index--)); do
        umount "${mounts[index]}" || umount --lazy "${mounts[index]}"
    done
    mounts=()
    if grep -q " $chroot/" /proc/mounts; then die "still mounted below $chroot: left in place"; fi
    rm -rf --one-file-system "$chroot"
    chroot=
}

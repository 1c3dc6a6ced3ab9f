#!/usr/bin/env bash
# Proves `make up` and `make test` on a fresh Debian: for each suite and user a new system that has git, make and
# Python and nothing else, a clone of this repository's HEAD, the commands of the README, and a table of timings.
# Needs root.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: tests/bootstrap/run.sh [options]
  --suite NAME       bookworm or trixie; may be repeated (default: both)
  --user NAME        root (below a home of mode 700) or ordinary; may be repeated (default: both)
  --only STEP        up or test (default: both)
  --command TEXT     run this instead, for example "make help"
  --worktree         try the files as they are now instead of HEAD
  --keep             leave the systems in place for a look
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$here/../.." && pwd)
logs="$project/var/bootstrap"
suites=() users=() only=both command='' worktree=no keep=no
rows=() failures=0 run=0

while [ $# -gt 0 ]; do
    case $1 in
        --suite) suites+=("$2"); shift 2 ;;
        --user) users+=("$2"); shift 2 ;;
        --only) only=$2; shift 2 ;;
        --command) command=$2; shift 2 ;;
        --worktree) worktree=yes; shift ;;
        --keep) keep=yes; shift ;;
        --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)
[ ${#users[@]} -gt 0 ] || users=(root ordinary)
case $only in both | up | test) ;; *) usage >&2; exit 2 ;; esac

# shellcheck source=tests/bootstrap/chroot.sh
. "$here/chroot.sh"
[ "$(id -u)" = 0 ] || die "debootstrap and chroot need root"

clear_away() {
    if [ "$keep" = yes ] && [ -n "$chroot" ]; then
        say "left in place: $chroot (mounted: ${mounts[*]})"
        return 0
    fi
    leave_chroot
}
trap clear_away EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

record() { # record STEP SECONDS RESULT
    rows+=("$suite $user $1 $2 $3")
    say "$(printf '%-9s %-9s %-22s %6s s  %s' "$suite" "$user" "${1//_/ }" "$2" "$3")"
}

step() { # step NAME COMMAND: timed, its output in a log of its own; the end of the log is shown on failure
    local name=$1 log="$logs/$suite-$user-$1.log" started=$EPOCHREALTIME code=0 seconds
    # the sums below keep errexit out of the way: a failed step is recorded and the run goes on
    inside "$user" "$folder" "$2" >"$log" 2>&1 || code=$?
    seconds=$(awk -v from="$started" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }')
    if [ "$code" = 0 ]; then
        record "$name" "$seconds" ok
        return 0
    fi
    record "$name" "$seconds" "exit_$code"
    failures=$((failures + 1))
    tail -n 40 "$log" | sed 's/^/    /' >&2
    return 1
}

place_project() {
    local home="/home/$ordinary" parent
    if [ "$user" = root ]; then home=/root/x; else chroot "$chroot" useradd --create-home --uid 1000 "$ordinary"; fi
    chmod 700 "$chroot/root"
    folder="$home/running-trainer"
    parent="$chroot$folder"
    mkdir -p "$parent"
    if [ "$worktree" = yes ]; then
        git -C "$project" ls-files -coz --exclude-standard | tar -C "$project" --null -T - -cf - | tar -C "$parent" -xf -
        git -C "$parent" init -q
        git -C "$parent" add -A
        git -C "$parent" -c user.name=bootstrap -c user.email=bootstrap@localhost commit -q -m "The files as they are"
    else
        git clone -q --no-local "$project" "$parent"
    fi
    if [ "$user" = root ]; then chown -R 0:0 "$parent"; else chown -R 1000:1000 "$parent"; fi
    share_recordings "$home"
}

# Beside the clone, where the tests look for them; without, some skip.
share_recordings() {
    local recordings=${RT_RECORDINGS:-$project/../shared/data/activities}
    [ -d "$recordings" ] || return 0
    bind "$(realpath "$recordings")" "$chroot$1/shared/data/activities" --bind
    mount -o remount,ro,bind "$chroot$1/shared/data/activities"
}

# The ordinary user may not install packages: the target must fail and print a command that, run by root as it
# stands, is all that was missing.
obey_printed_command() {
    local log="$logs/$suite-$user-printed.log" started=$EPOCHREALTIME printed seconds
    if inside "$user" "$folder" "$1" >"$log" 2>&1; then
        record printed_command 0 not_needed
        return 0
    fi
    printed=$(grep -oE 'apt-get install [A-Za-z0-9 .+-]+' "$log" | head -n 1 || true)
    if [ -z "$printed" ] || ! inside root / "$printed" >>"$log" 2>&1; then
        record printed_command 0 "wrong"
        failures=$((failures + 1))
        tail -n 20 "$log" | sed 's/^/    /' >&2
        return 1
    fi
    seconds=$(awk -v from="$started" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f", to - from }')
    record printed_command "$seconds" ok
}

answers() { # a Python line that fails unless the gateway's health is 200
    printf '%s' "python3 -c 'import urllib.request as r; r.urlopen(\"http://127.0.0.1:$port_base/health\", timeout=10)'"
}

prove_up() {
    if [ "$user" != root ]; then obey_printed_command 'make up' || return 0; fi
    step up 'make up' || return 0
    if [ -d "$chroot$folder/services/gateway" ]; then step answers "$(answers)" || true; fi
    step up_again 'set -o pipefail; make up | cat' || true
    step status 'make status' || true
    step down 'make down' || true
}

prove_test() {
    if [ "$user" != root ] && [ "$only" = test ]; then obey_printed_command 'make test' || return 0; fi
    step test 'make test' || true
}

one_run() {
    run=$((run + 1))
    port_base=$((20000 + 50 * run))
    enter_chroot "$suite"
    place_project
    if [ -n "$command" ]; then
        step command "$command" || true
    else
        [ "$only" = test ] || prove_up
        [ "$only" = up ] || prove_test
    fi
    clear_away
    mounts=() chroot=
}

print_table() {
    local row fields
    printf '\n| suite | user | step | seconds | result |\n| --- | --- | --- | ---: | --- |\n'
    for row in "${rows[@]}"; do
        read -ra fields <<<"$row"
        printf '| %s | %s | %s | %s | %s |\n' "${fields[0]}" "${fields[1]}" "${fields[2]//_/ }" "${fields[3]}" "${fields[4]//_/ }"
    done
}

mkdir -p "$logs"
for suite in "${suites[@]}"; do
    for user in "${users[@]}"; do
        one_run
    done
done
print_table
[ "$failures" = 0 ] || die "$failures step(s) failed; logs in $logs"

#!/usr/bin/env bash
# Brings a bundle to devices, which check it before it takes the place of the one they play.
set -euo pipefail

usage() {
    cat << 'END'
usage: deploy/push.sh [--folder DIR] BUNDLE HOST...

Copies BUNDLE to each HOST over ssh, under its own name into DIR (default: /etc/understudy). The device checks it first,
with each configuration in DIR that names it: one that is bad, or that one of them cannot play, changes nothing there.
What plays these configurations (understudy-agent for agent.toml, understudy-agent@NAME for NAME.toml) reloads, if it runs.
HOST is what ssh takes; its user has to be root or may use sudo. Ends with 0 when every host has it, else with 1 after all
hosts were tried.
END
}

# What is done on the device, as root, with the bundle as its input: $1 is its name, $2 the folder.
read -r -d '' ON_DEVICE << 'END' || true
set -eu
name=$1 folder=$2 new=$2/.$1.new
refuse() { echo "$*" >&2; exit 1; }
[ -d "$folder" ] || refuse "$folder: is no folder of this device"
command -v understudy-agent > /dev/null || refuse "understudy-agent is not installed there"
exec 9< "$folder"
flock 9
staged=$(mktemp -d)
clean_up() { rm -rf "$staged" "$new"; }
put() { install -m 644 "$1" "$new" && mv -f "$new" "$folder/$name"; }
put_back() {
    if [ -e "$staged/old/$name" ]; then put "$staged/old/$name"; else rm -f "$folder/$name"; fi
    while read -r unit; do systemctl try-reload-or-restart "$unit" < /dev/null || true; done < "$staged/reloaded"
}
trap clean_up EXIT
trap "exit 1" HUP INT TERM
mkdir "$staged/old" "$staged/new"
touch "$staged/reloaded"
[ ! -e "$folder/$name" ] || cp "$folder/$name" "$staged/old"
cat > "$staged/new/$name"
understudy-agent preview "$staged/new/$name" -n 1 > /dev/null

quoted="[/\"']$(echo "$name" | sed "s/[.]/[.]/g")[\"']"
for configuration in "$folder"/*.toml; do
    [ -e "$configuration" ] || continue
    ! sed "/^[[:space:]]*#/d" "$configuration" | grep -q -e "$quoted" || echo "$configuration"
done > "$staged/named"
# For the check alone the new bundle lies over the old one, so that a configuration finds it by whatever path.
unshare --mount sh -eu -c '
    mount -t overlay -o "lowerdir=$1/new:$2" overlay "$2"
    while read -r configuration; do understudy-agent check --config "$configuration" > /dev/null; done < "$1/named"
' - "$staged" "$folder"

trap "put_back; clean_up" EXIT
put "$staged/new/$name"
while read -r configuration; do
    player=$(basename "$configuration" .toml)
    [ "$player" = agent ] && unit=understudy-agent || unit=understudy-agent@$player
    systemctl try-reload-or-restart "$unit" < /dev/null
    echo "$unit" >> "$staged/reloaded"
done < "$staged/named"
trap clean_up EXIT
END

push() {
    local script=${ON_DEVICE//\'/\'\\\'\'}
    # shellcheck disable=SC2029  # what is filled in here holds nothing that a shell would read otherwise
    ssh "$1" "as=; [ \"\$(id -u)\" = 0 ] || as=sudo; \$as sh -c '$script' - '$name' '$folder'" < "$bundle"
}

refuse() {
    echo "push.sh: $*" >&2
    exit 2
}

folder=/etc/understudy
while [ $# -gt 0 ]; do
    case $1 in
    --folder)
        [ $# -gt 1 ] || refuse "$1 needs a value"
        folder=$2
        shift 2
        ;;
    -h | --help)
        usage
        exit
        ;;
    -*) refuse "$1 is no option; --help lists them" ;;
    *) break ;;
    esac
done
[ $# -ge 2 ] || refuse "name a bundle and at least one host; --help tells more"
bundle=$1 name=$(basename "$1")
shift
[ -f "$bundle" ] || refuse "$bundle: is no file; give a bundle"
[[ $folder == /* ]] || refuse "--folder $folder: give the whole path on the device, from /"
for word in "$name" "$folder"; do
    case $word in *[!A-Za-z0-9._/@-]*) refuse "$word: use letters, digits, dots and dashes only" ;; esac
done

failed=0
for host in "$@"; do
    if push "$host"; then
        echo "$host: has $name"
    else
        echo "$host: keeps what it has" >&2
        failed=1
    fi
done
exit $failed

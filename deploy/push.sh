#!/usr/bin/env bash
# Brings a bundle to devices, which check it before it takes the place of the one they play.
set -euo pipefail

usage() {
    cat << 'END'
usage: deploy/push.sh [--folder DIR] [--unit UNIT] BUNDLE HOST...

Copies BUNDLE to each HOST over ssh, under its own name into DIR (default: /etc/understudy), and has UNIT (default:
understudy-agent) reload. The device checks it first, with its own configuration; one that is bad, or that the
configuration cannot play, changes nothing there. HOST is what ssh takes; its user has to be root or may use sudo.
Ends with 0 when every host plays it, else with 1 after all hosts were tried.
END
}

# What is done on the device: $1 is where the bundle was put, $2 its name, $3 the folder, $4 the unit.
read -r -d '' ON_DEVICE << 'END' || true
set -eu
new=$1 name=$2 folder=$3 unit=$4
staged=$(mktemp -d)
trap 'rm -rf "$staged" "$new" "$folder/.$name.new"' EXIT
understudy-agent preview "$new" -n 1 > /dev/null
# The same folder with the new bundle in it, as links: relative paths of the configuration lead here.
cp -as "$folder/." "$staged"
cp --remove-destination "$new" "$staged/$name"
for configuration in "$staged"/*.toml; do
    [ ! -e "$configuration" ] || understudy-agent check --config "$configuration" > /dev/null
done
install -m 644 "$new" "$folder/.$name.new"
mv -f "$folder/.$name.new" "$folder/$name"
systemctl reload "$unit"
END

push() {
    local host=$1 place
    place=$(ssh "$host" 'umask 077; mktemp' < /dev/null) || return 1
    # shellcheck disable=SC2029  # the place is meant to be filled in here
    ssh "$host" "cat > '$place'" < "$bundle" || return 1
    # shellcheck disable=SC2029
    ssh "$host" "as=; [ \"\$(id -u)\" = 0 ] || as=sudo; \$as sh -s '$place' '$name' '$folder' '$unit'" <<< "$ON_DEVICE"
}

refuse() {
    echo "push.sh: $*" >&2
    exit 2
}

folder=/etc/understudy unit=understudy-agent
while [ $# -gt 0 ]; do
    case $1 in
    --folder | --unit)
        [ $# -gt 1 ] || refuse "$1 needs a value"
        declare "${1#--}=$2"
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
case $name$folder$unit in *[!A-Za-z0-9._/@-]*) refuse "$name: use letters, digits, dots and dashes only" ;; esac

failed=0
for host in "$@"; do
    if push "$host"; then
        echo "$host: plays $name"
    else
        echo "$host: keeps what it has" >&2
        failed=1
    fi
done
exit $failed

#!/usr/bin/env bash
# Brings a bundle to devices, which check it before it takes the place of the one they play.
set -euo pipefail

usage() {
    cat << 'END'
usage: deploy/push.sh [--folder DIR] [--unit UNIT] BUNDLE HOST...

Copies BUNDLE to each HOST over ssh, under its own name into DIR (default: /etc/understudy), and has UNIT (default:
understudy-agent) reload, if it runs. The device checks it first, with each configuration in DIR that names it; one that
is bad, or that a configuration cannot play, changes nothing there. HOST is what ssh takes; its user has to be root or
may use sudo. Ends with 0 when every host has it, else with 1 after all hosts were tried.
END
}

# What is done on the device, as root, with the bundle as its input: $1 is its name, $2 the folder, $3 the unit.
read -r -d '' ON_DEVICE << 'END' || true
set -eu
name=$1 folder=$2 unit=$3
staged=$(mktemp -d)
trap 'rm -rf "$staged" "$folder/.$name.new" "$folder/.$name.old"' EXIT
cat > "$staged/$name"
understudy-agent preview "$staged/$name" -n 1 > /dev/null
# For the check alone the new bundle lies over the old one, so that a configuration finds it by whatever path.
unshare --mount sh -eu -c '
    mount -t overlay -o "lowerdir=$1:$2" overlay "$2"
    grep --files-with-matches --fixed-strings --no-messages "$3" "$2"/*.toml | while read -r configuration; do
        understudy-agent check --config "$configuration" > /dev/null
    done
' - "$staged" "$folder" "$name"
install -m 644 "$staged/$name" "$folder/.$name.new"
[ ! -e "$folder/$name" ] || ln -f "$folder/$name" "$folder/.$name.old"
mv -f "$folder/.$name.new" "$folder/$name"
systemctl try-reload-or-restart "$unit" && exit
if [ -e "$folder/.$name.old" ]; then mv -f "$folder/.$name.old" "$folder/$name"; else rm -f "$folder/$name"; fi
exit 1
END

push() {
    local script=${ON_DEVICE//\'/\'\\\'\'}
    # shellcheck disable=SC2029  # what is filled in here holds nothing that a shell would read otherwise
    ssh "$1" "as=; [ \"\$(id -u)\" = 0 ] || as=sudo; \$as sh -c '$script' - '$name' '$folder' '$unit'" < "$bundle"
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
for word in "$name" "$folder" "$unit"; do
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

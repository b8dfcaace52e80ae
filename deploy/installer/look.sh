# shellcheck shell=bash
# What this machine is, what is installed on it, and whether that can be done which was asked for.

refuse_what_cannot_work() {
    refuse_other_architectures
    refuse_a_package
    refuse_other_releases
    refuse_other_pythons
    refuse_a_clock_that_is_behind
    refuse_a_full_disk
    refuse_a_masked_service
    refuse_another_wheelhouse
}

refuse_other_architectures() {
    have dpkg || refuse "this is no Debian; make an environment by hand, as README.md shows under Play"
    architecture=$(dpkg --print-architecture)
    case $architecture in
    arm64 | amd64) ;;
    armhf | armel | i386)
        refuse "this system is a 32-bit one ($architecture), for which numpy and Pillow are not built;" \
            "write the 64-bit Raspberry Pi OS to the card, which a Pi 3, 4, 5 and Zero 2 W can run"
        ;;
    *) refuse "numpy and Pillow are not built for $architecture; use a 64-bit Arm or x86 machine" ;;
    esac
}

# Its units are found after those of this script, so the two would not agree on what runs. One that is half installed is
# there, too: dpkg will finish it, or remove it.
refuse_a_package() {
    case $(dpkg-query --show --showformat='${Status}' understudy-agent 2> /dev/null || true) in
    '' | *' not-installed' | *' config-files') ;;
    *) refuse "the Debian package understudy-agent is installed here; upgrade that, or remove it first: apt remove understudy-agent" ;;
    esac
}

refuse_other_releases() {
    release=$(of_the_release PRETTY_NAME)
    case $(of_the_release ID)$(of_the_release VERSION_ID) in
    debian12 | debian13 | raspbian12 | raspbian13) ;;
    *) refuse "this is $release; use Raspberry Pi OS or Debian, release 12 or 13" ;;
    esac
}

of_the_release() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" /etc/os-release; }

refuse_other_pythons() {
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null ||
        refuse "$PYTHON is missing or older than Python 3.11; install it with: apt install python3 python3-venv"
    "$PYTHON" -c 'import venv, ensurepip' 2> /dev/null ||
        refuse "Python cannot make environments here; let it with: apt install python3-venv"
}

# A Pi without a network has none either: the index's certificates would not be valid yet.
refuse_a_clock_that_is_behind() {
    local made
    made=$(stat -c %Y "$SOURCE/pyproject.toml")
    (($(date +%s) > made - 86400)) ||
        refuse "the clock says $(date +%F), which is before this checkout was made; set it with: timedatectl set-ntp true"
}

refuse_a_full_disk() {
    local place=$TOP
    [[ -d $place ]] || place=/opt
    [[ -d $place ]] || place=/
    free_mb=$(df --output=avail --block-size=1M "$place" | tail -n 1 | tr -d ' ')
    ((free_mb >= NEEDED_MB)) || refuse "$place has $free_mb MB free and $NEEDED_MB MB are needed; make room, e.g. with: apt clean"
}

# Who masks it later means it, and finds it masked after an upgrade.
refuse_a_masked_service() {
    [[ -e $CURRENT || $(systemctl is-enabled "$SERVICE" 2> /dev/null) != masked* ]] ||
        refuse "$SERVICE is masked, so it could not start; allow it with: systemctl unmask $SERVICE"
}

refuse_another_wheelhouse() {
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$SOURCE/pyproject.toml")
    [[ -n $wheelhouse ]] || return 0
    local wheel own numpy
    own=("$wheelhouse/understudy-$version"-*.whl)
    [[ -e ${own[0]} ]] ||
        refuse "$wheelhouse does not hold Understudy $version; fill it with: pip wheel -c constraints.txt -w '$wheelhouse' ."
    numpy=("$wheelhouse"/numpy-1.*.whl)
    ! camera_wants_numpy_1 || [[ -e ${numpy[0]} ]] ||
        refuse "$wheelhouse has no numpy 1, for which the installed picamera2 is built; add it with: pip wheel -w '$wheelhouse' 'numpy<2'"
    for wheel in "$wheelhouse"/*.whl; do
        [[ -r $wheel ]] || refuse "$wheel cannot be read; remove it, or fetch it again"
    done
}

refuse_others_than_root() {
    [[ $(id -u) == 0 ]] || refuse "only root can do this; say: sudo deploy/install.sh"
}

model() {
    if [[ -r /proc/device-tree/model ]]; then
        tr -d '\0' < /proc/device-tree/model
    else
        printf 'No Raspberry Pi'
    fi
}

# apt's picamera2 and what it loads are built for Debian's numpy: on Debian 12 they do not load beside numpy 2.
camera_wants_numpy_1() {
    "$PYTHON" -c 'from importlib.metadata import version as v; v("picamera2"); exit(v("numpy")[:2] != "1.")' 2> /dev/null
}

constraints() {
    if camera_wants_numpy_1; then
        sed 's/^numpy==.*/numpy<2/' "$SOURCE/constraints.txt"
    else
        cat "$SOURCE/constraints.txt"
    fi
}

# What an installation is made of, in one number: the same number, the same installation.
fingerprint() {
    local made_of=("${PACKAGE[@]}" systemd)
    {
        "$PYTHON" --version
        constraints
        (cd "$SOURCE" && find "${made_of[@]}" -name __pycache__ -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
        [[ -z $wheelhouse ]] || (cd "$wheelhouse" && sha256sum -- *.whl)
    } | sha256sum | cut -d ' ' -f 1
}

is_installed() {
    [[ $(cat "$CURRENT/fingerprint" 2> /dev/null) == "$number" ]] &&
        "$CURRENT/bin/python" -c 'import agent.daemon' 2> /dev/null &&
        is_in_place "$CURRENT/system" && [[ -f $CONFIG ]]
}

is_in_place() {
    local file
    while IFS= read -r -d '' file; do
        cmp --silent "$1/$file" "/$file" || return
    done < <(cd "$1" && find . ! -type d -print0)
}

# Where there is one that was installed to its end, the machine goes back to that.
installed_before() {
    local release
    for release in "$CURRENT" "$TOP"/releases/*; do
        ! is_finished "$release" || { readlink -f "$release" && return; }
    done
    [[ ! -d $CURRENT ]] || readlink -f "$CURRENT"
}

is_finished() { [[ -s $1/fingerprint ]]; }

running() { units_that_are active,activating,reloading; }

units_that_are() {
    systemd_runs || return 0
    systemctl list-units --plain --no-legend --state="$1" "$SERVICE" 'understudy-agent@*.service' | cut -d ' ' -f 1
}

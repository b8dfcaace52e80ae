#!/usr/bin/env bash
# Installs the agent of the checkout that this file lies in as a service. It looks first, says what it will do, and asks.
#
# Each installation is a Python environment of its own below /opt/understudy/releases; the link /opt/understudy/current
# names the one that the service runs. An upgrade turns the link, and back again if the new one does not play. What an
# installation is made of is written into it last: one without was cut short, and the next run does it again.
set -euo pipefail

readonly TOP=/opt/understudy
readonly CURRENT=$TOP/current
readonly UNITS=/usr/local/lib/systemd/system
readonly RULES=/etc/udev/rules.d
readonly COMMAND=/usr/local/bin/understudy-agent
readonly CONFIG=/etc/understudy/agent.toml
readonly SERVICE=understudy-agent.service
readonly PYTHON=/usr/bin/python3 # Debian's own, as apt's picamera2 is for no other
readonly NEEDED_MB=400
readonly WATCH_S=5 # more than RestartSec= in the unit
readonly PACKAGE=(agent trainer pyproject.toml README.md LICENSE)

SOURCE=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
readonly SOURCE
export PATH=$PATH:/usr/sbin:/sbin
umask 022 # the agent's user is nobody in particular, and has to read what is installed

action=install dry_run='' yes='' wheelhouse=''

main() {
    read_arguments "$@"
    case $action in
    install) install_agent ;;
    uninstall | purge) remove_agent ;;
    esac
}

usage() {
    cat <<END
Usage: sudo deploy/install.sh [--yes] [--dry-run] [--wheelhouse DIR]
       sudo deploy/install.sh --uninstall | --purge

Installs or upgrades the Understudy agent as a systemd service: Raspberry Pi OS or Debian 12 and 13, 64-bit.

  --dry-run         say what would be done, and do nothing
  --yes             do not ask
  --wheelhouse DIR  take packages from this folder instead of the network; to fill it on a machine of the same kind:
                    python3 -m venv env; env/bin/pip wheel -c constraints.txt -w DIR .
  --uninstall       remove the service and the programs, but neither configuration, passwords nor state
  --purge           remove these, too
END
}

read_arguments() {
    while (($#)); do
        case $1 in
        --dry-run) dry_run=yes ;;
        --yes) yes=yes ;;
        --uninstall) action=uninstall ;;
        --purge) action=purge ;;
        --help) usage && exit ;;
        --wheelhouse)
            [[ -d ${2-} ]] || refuse "--wheelhouse needs a folder of wheels, and '${2-}' is none"
            wheelhouse=$(readlink -f "$2")
            shift
            ;;
        *) refuse "there is no option '$1'; see --help" ;;
        esac
        shift
    done
}

say() { printf '%s\n' "$*"; }

refuse() {
    say "install.sh: $*" >&2
    exit 1
}

systemd_runs() { [[ -d /run/systemd/system ]]; }

have() { command -v "$1" > /dev/null; }

# --- Looking ---

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

# --- Installing ---

install_agent() {
    refuse_what_cannot_work
    tell_the_machine
    number=$(fingerprint)
    if is_installed; then
        say "Understudy $version is installed already; there is nothing to do."
        exit
    fi
    new=$TOP/releases/$version-$(date -u +%Y%m%dT%H%M%SZ)
    old=$(installed_before)
    tell_the_plan
    ask
    trap take_back EXIT
    if [[ -n $old && ! $CURRENT -ef $old ]]; then switch_to "$old"; fi # what was cut short is taken back first
    make_environment
    mapfile -t ran < <(units_that_are active,reloading)
    refuse_what_cannot_play_on
    write_configuration
    switch_to "$new"
    choose_what_to_start
    start_what_ran
    trap - EXIT
    finish
    start_what_has_not_got_ready
    tell_the_end
}

tell_the_machine() { say "$(model), $release, $architecture, $("$PYTHON" --version), $free_mb MB free."; }

tell_the_plan() {
    say 'This will'
    say "- make the environment $new with Understudy $version and its packages, from ${wheelhouse:-$SOURCE and the package index}"
    ! camera_wants_numpy_1 || say '- take numpy 1 for it, as the installed picamera2 is built for that'
    if [[ -f $CONFIG ]]; then
        say "- keep $CONFIG as it is"
    else
        say "- write $CONFIG, to be edited"
    fi
    say "- install $SERVICE and understudy-agent@.service in $UNITS, a udev rule in $RULES, and $COMMAND"
    if [[ -n $old ]]; then
        say "- restart what runs of it; go back to $old if that fails, else remove it"
    else
        say '- enable the service, and start it if the configuration can be played'
    fi
    systemd_runs || say '- leave out to start anything and to load the udev rule, as systemd does not run here'
}

ask() {
    [[ -z $dry_run ]] || exit 0
    refuse_others_than_root
    if [[ -z $yes ]]; then
        [[ -t 0 ]] || refuse 'nobody is there to be asked; say --yes'
        read -r -p 'Go on? [y/N] '
        [[ $REPLY == [yY]* ]] || refuse 'nothing was done'
    fi
    exec 9> /run/lock/understudy-install
    flock -n 9 || refuse 'another install.sh is at work; wait for it'
}

# Whatever goes wrong until the new one plays: the machine is as it was before. What is linked is never removed.
take_back() {
    trap - EXIT
    local unit lost=()
    if [[ -n $old && $CURRENT -ef $new ]]; then
        switch_to "$old"
        for unit in "${ran[@]}"; do
            start "$unit" || lost+=("$unit")
        done
    fi
    [[ $CURRENT -ef $new ]] || rm -rf "$new"
    ((${#lost[@]} == 0)) ||
        refuse "$old, to which this went back, does not start as ${lost[*]} either; see why with: journalctl -u ${lost[0]}"
    [[ -z $old ]] || say 'install.sh: what was installed before is as it was' >&2
}

make_environment() {
    say 'Making the environment; this takes some minutes on a small Pi'
    mkdir -p "$TOP/releases"
    "$PYTHON" -m venv --system-site-packages "$new"
    constraints > "$new/constraints.txt"
    install_packages
    mkdir -p "$new/share/understudy"
    cp "$SOURCE/README.md" "$SOURCE/LICENSE" "$new/share/understudy"
    lay_out_system_files
}

# What goes elsewhere, by its place below /, so that to go back to a release brings back its units, too.
lay_out_system_files() {
    install -d "$new/system$UNITS" "$new/system$RULES" "$new/system$(dirname $COMMAND)"
    cp -RP "$SOURCE"/systemd/understudy-agent* "$new/system$UNITS"
    cp "$SOURCE/systemd/60-understudy-camera.rules" "$new/system$RULES"
    ln -s "$CURRENT/bin/understudy-agent" "$new/system$COMMAND"
}

# --ignore-installed: what apt has of the same name may be too old, or may be gone tomorrow.
install_packages() {
    local words=(--no-input --no-cache-dir --disable-pip-version-check --ignore-installed -c "$new/constraints.txt")
    if [[ -n $wheelhouse ]]; then
        words+=(--no-index --find-links "$wheelhouse" "understudy==$version")
    else
        mkdir "$new/source" # a copy, as a build leaves files of root's in its source
        (cd "$SOURCE" && cp -R "${PACKAGE[@]}" "$new/source")
        words+=("$new/source")
    fi
    "$new/bin/python" -m pip install "${words[@]}" ||
        refuse "the packages could not be installed, for the reason above; check the network, or the wheelhouse, and try again"
    rm -rf "$new/source"
    [[ -z $wheelhouse ]] || refuse_other_code
}

# A version is many commits long, and a wheel of it may be of an older one.
refuse_other_code() {
    [[ $(code_in "$SOURCE") == "$(code_in "$new"/lib/python3*/site-packages)" ]] ||
        refuse "the wheel of Understudy in $wheelhouse was built of other files than those here; make it anew with:" \
            "pip wheel --no-deps -w '$wheelhouse' ."
}

code_in() { (cd "$1" && find agent trainer -name '*.py' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }

# By a user who is nobody in particular, as the service's is: root reads more.
can_play() { setpriv --reuid=nobody --regid=nogroup --clear-groups "$1/bin/understudy-agent" check --config "$CONFIG" 2>&1; }

# An upgrade must not end an agent that plays because the new version has another opinion of its configuration, or because
# that was spoilt since.
refuse_what_cannot_play_on() {
    local unit problems
    for unit in "${ran[@]}"; do
        problems=$(can_play_on "$new" "$unit") ||
            refuse "the new version cannot play what $unit plays:"$'\n'"$problems"
    done
}

# With the arguments and the environment of the agent that plays, by its user, and from where it looks.
can_play_on() {
    local process user group groups words environment
    process=/proc/$(systemctl show --value --property=MainPID "$2")
    mapfile -d '' -t words < "$process/cmdline"
    mapfile -d '' -t environment < "$process/environ"
    [[ ${words[2]-} == run ]] || return 0 # somebody's own command
    read -r user group < <(stat --format='%u %g' "$process")
    groups=$(sed -n 's/^Groups:[[:space:]]*//p' "$process/status" | xargs | tr ' ' ,)
    (
        export "${environment[@]}" # not as words of a command, which everybody can see
        nsenter --target "${process##*/}" --mount -- \
            setpriv --reuid="$user" --regid="$group" --groups="${groups:-$group}" \
            "$1/bin/understudy-agent" check "${words[@]:3}" 2>&1
    )
}

# What is there is somebody's, and so is who may read it.
write_configuration() {
    [[ ! -d $CONFIG ]] || refuse "$CONFIG is a folder, and has to be a file; move it away"
    [[ -d /etc/understudy ]] || install -d -m 755 /etc/understudy
    [[ -d /etc/credstore ]] || install -d -m 700 /etc/credstore
    [[ -e $CONFIG ]] || install -m 644 "$SOURCE/deploy/agent.toml" "$CONFIG"
}

# One by one, as any folder on the way may be a link to another disk; and beside their places first, so that once the link
# has been turned nothing can fail any more but to give them their names.
switch_to() {
    local file files problem
    mapfile -t files < <(cd "$1/system" && find . ! -type d -printf '/%P\n')
    problem=$(bring "$1/system" "${files[@]}" 2>&1) || {
        rm -f "${files[@]/%/.next}" 2> /dev/null || true
        refuse "what belongs outside of $TOP cannot be put there; mend that, and try again: $problem"
    }
    sync -f "$1" # a power cut must not leave files of no bytes behind the link
    ln -sfn "releases/$(basename "$1")" "$TOP/.next"
    mv -T "$TOP/.next" "$CURRENT"
    for file in "${files[@]}"; do mv -fT "$file.next" "$file"; done
    load_units
}

bring() {
    local file
    for file in "${@:2}"; do
        [[ ! -d $file || -L $file ]] || { say "$file is a folder" && return 1; }
        mkdir -p "$(dirname "$file")" && cp -PT --remove-destination "$1$file" "$file.next" || return
    done
}

load_units() {
    systemd_runs || return 0
    systemctl daemon-reload
    have udevadm || return 0
    udevadm control --reload 2> /dev/null || true
    udevadm trigger --subsystem-match=dma_heap 2> /dev/null || true
}

choose_what_to_start() {
    problems=$(can_play "$new") && problems=''
    enable
    is_finished "$old" || [[ -n $problems || " ${ran[*]} " == *" $SERVICE "* ]] || ran+=("$SERVICE")
}

enable() { is_finished "$old" || systemctl --quiet enable "$SERVICE"; }

# READY is soon said; only what plays on some seconds later has made the old version needless.
start_what_ran() {
    systemd_runs || return 0
    local unit
    local -A lives=()
    for unit in "${ran[@]}"; do
        start "$unit" || refuse "Understudy $version does not start as $unit; see why with: journalctl -u $unit"
        lives[$unit]=$(life_of "$unit")
    done
    ((${#ran[@]} == 0)) || sleep "$WATCH_S"
    for unit in "${ran[@]}"; do
        [[ $(life_of "$unit") == "${lives[$unit]}" ]] ||
            refuse "Understudy $version starts as $unit and soon ends; see why with: journalctl -u $unit"
    done
}

life_of() { systemctl show --property=MainPID,NRestarts "$1"; }

start() {
    systemctl reset-failed "$1" 2> /dev/null || true
    systemctl restart "$1" && systemctl --quiet is-active "$1"
}

# They are not waited for: they may wait for the clock themselves, or have failed again and again.
start_what_has_not_got_ready() { units_that_are activating | xargs --no-run-if-empty systemctl --no-block try-restart; }

finish() {
    local release
    sync -f "$new"
    echo "$number" > "$new/fingerprint"
    for release in "$TOP"/releases/*; do
        [[ $release -ef $CURRENT ]] || rm -rf "$release"
    done
}

tell_the_end() {
    say "Understudy $version is installed."
    if systemd_runs && ((${#ran[@]})); then
        say "It plays: ${ran[*]}"
    elif [[ -n $problems ]]; then
        say 'Its configuration cannot be played yet:' && say "$problems"
        say 'Correct that; then start it with: sudo systemctl restart understudy-agent'
    elif ! systemd_runs; then
        say 'systemd does not run here: the service starts with the machine.'
    else
        say 'It does not run, as before; start it with: sudo systemctl start understudy-agent'
    fi
}

# --- Removing ---

# The names are exact: understudy-agent-backups is somebody's own.
remove_agent() {
    refuse_a_package
    say "This will stop the agent and remove what lies in $TOP, its units and its udev rule"
    [[ $action != purge ]] || say 'and /etc/understudy, its passwords in /etc/credstore and its state in /var/lib, for ever'
    ask
    stop_everything
    rm -rf "$TOP"/{releases,current,.next} "$COMMAND"{,.next} "$RULES"/60-understudy-camera.rules{,.next} \
        "$UNITS"/understudy-agent{.,@}*
    rmdir "$TOP" 2> /dev/null || true # others may have put something there, or linked it
    [[ $action != purge ]] || rm -rf /etc/understudy /etc/credstore/understudy-agent{.,@}* \
        /etc/systemd/system/understudy-agent{.,@*.}service.d /var/lib{,/private}/understudy-agent{,@*}
    load_units
    say 'Removed.'
}

stop_everything() {
    local unit
    while read -r unit; do
        systemctl stop "$unit"
    done < <(running)
    [[ ! -e $UNITS/$SERVICE ]] || systemctl --quiet disable "$SERVICE" understudy-agent@.service || true
    ! systemd_runs || systemctl reset-failed 'understudy-agent*' 2> /dev/null || true
}

main "$@"

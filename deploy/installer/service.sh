# shellcheck shell=bash
# From one release to another: what plays is checked, the link turned, what ran started and watched.

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

# With the arguments and the environment of the agent that plays, by its user, and from where it looks. A process may write
# into its environment whatever it likes, so nobody takes that on who may do more than the agent.
can_play_on() {
    local pid process user group groups words
    pid=$(systemctl show --value --property=MainPID "$2")
    process=/proc/$pid
    # It may have ended by itself, or be somebody's own command.
    [[ $pid != 0 ]] && mapfile -d '' -t words 2> /dev/null < "$process/cmdline" || return 0
    [[ ${words[2]-} == run ]] || return 0
    user=$(of_the_process Uid) group=$(of_the_process Gid)
    groups=$(sed -n 's/^Groups:[[:space:]]*//p' "$process/status" | xargs | tr ' ' ,)
    # shellcheck disable=SC2016  # meant for the inner one
    nsenter --target "$pid" --mount -- \
        setpriv --reuid="$user" --regid="$group" --groups="${groups:-$group}" --no-new-privs --bounding-set=-all \
        bash -c 'while IFS= read -r -d "" one; do export "$one"; done; exec "$@" < /dev/null' - \
        "$1/bin/understudy-agent" check "${words[@]:3}" 2>&1 < "$process/environ"
}

# The owner of its folder does not tell: that is root, where a process does not let itself be looked into.
of_the_process() { sed -n "s/^$1:[[:space:]]*\([0-9]*\).*/\1/p" "$process/status"; }

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

# Whoever did not play before and runs now, or waits to: from the new version on, too. They are not waited for, as they may
# wait for the clock themselves, or have failed again and again.
restart_the_others() {
    running | grep -vxF -f <(printf '%s\n' "${ran[@]}") | xargs --no-run-if-empty systemctl --no-block try-restart || true
}

finish() {
    local release
    sync -f "$new"
    echo "$number" > "$new/fingerprint"
    for release in "$TOP"/releases/*; do
        [[ $release -ef $CURRENT ]] || is_in_use "$release" || rm -rf "$release"
    done
}

# By an agent that was started by hand, or that nobody may restart.
is_in_use() { grep -qsaF "$1/" /proc/[0-9]*/cmdline; }

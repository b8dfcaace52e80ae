# shellcheck shell=bash
# Removing what was installed.

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

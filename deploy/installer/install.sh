# shellcheck shell=bash
# An installation or an upgrade, from the question to the last word.

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
    old=$(installed_before) # somebody else may have been quicker
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
    restart_the_others
    finish
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
    exec 9> /run/understudy-install.lock
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

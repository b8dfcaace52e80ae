# shellcheck shell=bash
# The Python environment of a release, with the files that belong elsewhere beside it.

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
    install -d "$new/system$UNITS" "$new/system$RULES" "$new/system$(dirname "$COMMAND")"
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

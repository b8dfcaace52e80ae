#!/usr/bin/env bash
# Builds Debian packages of this checkout into a folder: the agent, with every wheel that it needs inside.
#
# By hand and without debhelper: it would want a source package, run as dpkg-buildpackage in the target's release, and
# give no more than the four maintainer scripts here, which have to do much that it knows nothing of. dpkg-deb alone
# builds for any release and architecture on any machine that has it.
set -euo pipefail

usage() {
    cat <<END
Usage: deploy/deb/build.sh ARCHITECTURE RELEASE FOLDER

ARCHITECTURE is arm64 or amd64, RELEASE is bookworm or trixie. The wheels come from pip's index, or from where PIP_NO_INDEX
and PIP_FIND_LINKS say. PYTHON names a Python with pip; DEBFULLNAME and DEBEMAIL say whose package it is.
END
}

[[ $# == 3 ]] || { usage >&2 && exit 2; }
readonly ARCHITECTURE=$1 RELEASE=$2
mkdir -p "$3"
OUT=$(readlink -f "$3")
SOURCE=$(readlink -f "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..")
WORK=$(mktemp -d)
readonly OUT SOURCE WORK
readonly ROOT=$WORK/root HERE=$SOURCE/deploy/deb
readonly PYTHON=${PYTHON:-python3}
readonly MAINTAINER="${DEBFULLNAME:-Understudy contributors} <${DEBEMAIL:-understudy@packages.invalid}>"
trap 'rm -rf "$WORK"' EXIT
umask 022

refuse() {
    printf 'build.sh: %s\n' "$*" >&2
    exit 1
}

command -v dpkg-deb > /dev/null || refuse 'dpkg-deb is missing; install it with: apt install dpkg'

case $ARCHITECTURE in
arm64) readonly MACHINE=aarch64 ;;
amd64) readonly MACHINE=x86_64 ;;
*) refuse "there is no package for '$ARCHITECTURE', only for arm64 and amd64" ;;
esac

# Compiled wheels are for one Python, and each release has another one: so each has a package of its own. That of Debian
# 12 takes numpy 1 for good. Its apt's picamera2 loads beside no other, and may well be installed after this package.
case $RELEASE in
bookworm) readonly MARK=deb12 MINOR=11 PINNED='s/^numpy==.*/numpy==1.26.4/' ;;
trixie) readonly MARK=deb13 MINOR=13 PINNED='' ;;
*) refuse "there is no package for '$RELEASE', only for bookworm and trixie" ;;
esac

# When the checkout was committed: what is built twice of it has the same bytes.
if [[ -z ${SOURCE_DATE_EPOCH-} ]]; then
    SOURCE_DATE_EPOCH=$(git -C "$SOURCE" log -1 --format=%ct 2> /dev/null || stat -c %Y "$SOURCE/pyproject.toml")
fi
export SOURCE_DATE_EPOCH LC_ALL=C.UTF-8 TZ=UTC PYTHONHASHSEED=0

PROGRAM=$(sed -n 's/^version = "\(.*\)"/\1/p' "$SOURCE/pyproject.toml")
# Python's 1.0rc1 comes before 1.0; Debian's has to be written so.
VERSION=$(printf %s "$PROGRAM" | sed -E 's/\.?(dev|a|b|rc)([0-9])/~\1\2/')-1+$MARK
readonly PROGRAM VERSION

pip() { "$PYTHON" -m pip --disable-pip-version-check --no-input "$@"; }

gather_wheels() {
    local into=$1 copy=$WORK/source
    mkdir -p "$copy" "$into"
    sed "$PINNED" "$SOURCE/constraints.txt" > "$WORK/constraints.txt"
    # A copy, since a build leaves files in its source; without the modes of whoever checked it out.
    tar -C "$SOURCE" --exclude=__pycache__ --mode='u=rwX,go=rX' --mtime="@$SOURCE_DATE_EPOCH" -c \
        agent trainer pyproject.toml README.md LICENSE | tar -C "$copy" -x
    # What it is built with is pinned, too; pip has two names for that, by its age.
    PIP_CONSTRAINT=$WORK/constraints.txt PIP_BUILD_CONSTRAINT=$WORK/constraints.txt \
        pip wheel --quiet --no-deps --wheel-dir "$into" "$copy"
    pip download --quiet --only-binary=:all: --implementation cp --python-version "3.$MINOR" \
        --platform "manylinux_2_28_$MACHINE" --platform "manylinux_2_17_$MACHINE" \
        -c "$WORK/constraints.txt" --dest "$into" "$into/understudy-$PROGRAM"-*.whl
}

gather_files() {
    local lib=$ROOT/usr/lib/understudy-agent doc=$ROOT/usr/share/doc/understudy-agent
    install -d "$lib/deploy" "$doc/examples" "$ROOT/usr/bin" "$ROOT/usr/lib/systemd/system" "$ROOT/usr/share/man/man1"
    gather_wheels "$lib/wheels"
    install -m 644 "$WORK/constraints.txt" "$SOURCE/README.md" "$lib"
    echo "$PROGRAM" > "$lib/version"
    ln -s ../../share/doc/understudy-agent/copyright "$lib/LICENSE"
    install -D -m 644 -t "$lib/deploy/installer" "$SOURCE"/deploy/installer/*.sh
    ln -s /opt/understudy/current/bin/understudy-agent "$ROOT/usr/bin"
    cp -RP "$SOURCE"/systemd/understudy-agent* "$ROOT/usr/lib/systemd/system"
    install -D -m 644 -t "$ROOT/usr/lib/udev/rules.d" "$SOURCE/systemd/60-understudy-camera.rules"
    install -m 644 "$SOURCE/deploy/agent.toml" "$lib/deploy" # postinst puts it in place, where there is none
    install -d "$ROOT/etc/understudy"
    install -d -m 700 "$ROOT/etc/credstore"
    install -m 644 "$SOURCE/systemd/no-camera.conf" "$doc/examples"
    install -m 644 "$HERE/copyright" "$doc"
    licence >> "$doc/copyright"
    changelog | gzip -9n > "$doc/changelog.Debian.gz"
    gzip -9n < "$HERE/understudy-agent.1" > "$ROOT/usr/share/man/man1/understudy-agent.1.gz"
    install -D -m 644 "$HERE/lintian-overrides" "$ROOT/usr/share/lintian/overrides/understudy-agent"
    chmod -R u=rwX,go=rX "$ROOT/usr"
}

licence() {
    sed -n 's/^Copyright (c) /Copyright: /p' "$SOURCE/LICENSE"
    echo 'License: Expat'
    sed '1,/^Copyright/d; 1,/^$/d; s/^$/./; s/^/ /' "$SOURCE/LICENSE"
}

changelog() {
    cat <<END
understudy-agent ($VERSION) $RELEASE; urgency=medium

  * Understudy $PROGRAM. What is new in it is told in its CHANGELOG.md.

 -- $MAINTAINER  $(date -R -d "@$SOURCE_DATE_EPOCH")
END
}

describe() {
    local control=$ROOT/DEBIAN
    install -d "$control"
    cat > "$control/control" <<END
Package: understudy-agent
Version: $VERSION
Architecture: $ARCHITECTURE
Maintainer: $MAINTAINER
Installed-Size: $(du -k --apparent-size -s --exclude=DEBIAN "$ROOT" | cut -f 1)
Depends: python3 (>= 3.$MINOR), python3 (<< 3.$((MINOR + 1))), python3-venv, libc6 (>= 2.28), libgcc-s1, libstdc++6
Recommends: ca-certificates, python3-picamera2
Section: net
Priority: optional
Description: stand-ins for real sensors, played over MQTT
 The agent of Understudy plays messages of exactly the kind that a sensor once
 sent, at the instants at which it would have sent them, from a bundle that was
 learnt from a recording or declared without one.
 .
 This package holds everything that the agent needs of the Python package
 index: its environment is made during the installation, without a network.
END
    (cd "$ROOT" && find usr -type f -print0 | sort -z | xargs -0 md5sum) > "$control/md5sums"
    chmod 644 "$control"/*
    install -m 755 "$HERE"/{preinst,postinst,prerm,postrm} "$control"
}

gather_files
describe
find "$ROOT" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
readonly PACKAGE=$OUT/understudy-agent_${VERSION}_$ARCHITECTURE.deb
# Wheels are compressed already: more than a quick pass over them is time for nothing.
dpkg-deb --root-owner-group -Zxz -z1 --build "$ROOT" "$PACKAGE" > /dev/null
echo "$PACKAGE"

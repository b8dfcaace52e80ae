# shellcheck shell=bash
# The functions of install.sh and of the Debian package's scripts, and what they know in common.
#
# Each installation is a Python environment of its own below /opt/understudy/releases; the link /opt/understudy/current
# names the one that the service runs. An upgrade turns the link, and back again if the new one does not play. What an
# installation is made of is written into it last: one without was cut short, and the next run does it again.

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

HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
SOURCE=$(dirname "$(dirname "$HERE")")
readonly HERE SOURCE
action=install dry_run='' yes='' wheelhouse='' # what is asked for
export PATH=$PATH:/usr/sbin:/sbin
umask 022 # the agent's user is nobody in particular, and has to read what is installed

say() { printf '%s\n' "$*"; }

refuse() {
    say "install.sh: $*" >&2
    exit 1
}

systemd_runs() { [[ -d /run/systemd/system ]]; }

have() { command -v "$1" > /dev/null; }

# shellcheck source=deploy/installer/look.sh
source "$HERE/look.sh"
# shellcheck source=deploy/installer/environment.sh
source "$HERE/environment.sh"
# shellcheck source=deploy/installer/service.sh
source "$HERE/service.sh"
# shellcheck source=deploy/installer/install.sh
source "$HERE/install.sh"
# shellcheck source=deploy/installer/remove.sh
source "$HERE/remove.sh"

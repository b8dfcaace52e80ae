#!/usr/bin/env bash
# Installs the agent of the checkout that this file lies in as a service. It looks first, says what it will do, and asks.
set -euo pipefail

# shellcheck source=deploy/installer/installer.sh
source "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/installer/installer.sh"

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

main "$@"

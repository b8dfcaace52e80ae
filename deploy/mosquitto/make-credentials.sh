#!/usr/bin/env bash
# Makes what a Mosquitto with understudy.conf needs: a CA, the broker's certificate, and a certificate or a password for
# each device and reader. What is there is kept: run it again to add some.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly HERE
readonly CA_DAYS=7300

out=/etc/mosquitto/understudy days=825 by=certificate changed='' hosts=() devices=() readers=()

main() {
    read_arguments "$@"
    refuse_what_cannot_work
    umask 077
    make_folders
    make_ca
    make_broker
    make_files_of_access
    local name
    for name in "${devices[@]}"; do
        make_client "$name"
    done
    for name in "${readers[@]}"; do
        let_read "$name"
        make_client "$name"
    done
    hand_over_to_mosquitto
    [[ -z $changed ]] || say 'Mosquitto reads them at its next start, or: sudo systemctl reload mosquitto'
}

usage() {
    cat <<END
Usage: make-credentials.sh [--out DIR] --host NAME... [--device NAME...] [--reader NAME...] [--password] [--days N]

  --host NAME...    names and addresses by which clients reach the broker; needed the first time
  --device NAME...  each may write below understudy/NAME; NAME is the agent's [device] id
  --reader NAME...  each may read everything, and write nothing
  --password        these devices and readers get passwords instead of certificates
  --days N          how long certificates last (default: $days); the CA lasts $CA_DAYS days
  --out DIR         where to write (default: $out)
END
}

read_arguments() {
    local list=''
    while (($#)); do
        case $1 in
        --host | --device | --reader) list=$1 && need_value "$@" ;;
        --out) need_value "$@" && out=${2%/} list='' && shift ;;
        --days) need_value "$@" && days=$2 list='' && shift ;;
        --password) by=password list='' ;;
        --help) usage && exit ;;
        --*) refuse "there is no option '$1'; see --help" ;;
        *) take "$list" "$1" ;;
        esac
        shift
    done
}

need_value() { [[ -n ${2-} && ${2-} != --* ]] || refuse "$1 needs a value; see --help"; }

take() {
    case $1 in
    --host) hosts+=("$2") ;;
    --device) devices+=("$2") ;;
    --reader) readers+=("$2") ;;
    *) refuse "'$2' belongs to no option; see --help" ;;
    esac
}

say() { printf '%s\n' "$*"; }

refuse() {
    say "make-credentials.sh: $*" >&2
    exit 1
}

refuse_what_cannot_work() {
    local name
    [[ $days =~ ^[1-9][0-9]{0,4}$ ]] || refuse "--days $days: is no number of days from 1 to 99999"
    command -v openssl > /dev/null || refuse 'openssl is missing; install it with: apt install openssl'
    [[ $by == certificate ]] || command -v mosquitto_passwd > /dev/null ||
        refuse 'mosquitto_passwd is missing; install it with: apt install mosquitto'
    for name in "${hosts[@]}"; do
        [[ $name =~ ^[A-Za-z0-9_.-]+$|^[0-9A-Fa-f:.]+$ ]] || refuse "--host $name: is no name or address of a machine"
    done
    for name in "${devices[@]}" "${readers[@]}"; do # one word of a topic, and short enough for a certificate
        [[ $name =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$ ]] ||
            refuse "$name: must be 1 to 64 letters, digits or any of . _ - and not begin with one of . -"
    done
    for name in "${readers[@]}"; do
        [[ " ${devices[*]} " != *" $name "* ]] || refuse "$name: is a device and a reader; give the reader another name"
        is_reader "$name" || [[ ! -e $out/clients/$name.pem && ! -e $out/clients/$name.password ]] ||
            refuse "$name: is a device already; give the reader another name"
    done
    for name in "${devices[@]}"; do
        ! is_reader "$name" || refuse "$name: is a reader already; give the device another name"
    done
    [[ -e $out/server.pem ]] || ((${#hosts[@]})) || refuse 'the broker has no certificate yet; say for which --host'
}

is_reader() { grep -qxF "user $1" "$out/acl" 2> /dev/null; }

make_folders() {
    install -d -m 755 "$out" 2> /dev/null || refuse "$out cannot be written; run this with sudo, or with another --out"
    install -d -m 700 "$out/clients"
    exec 9< "$out"
    flock 9 # one of these at a time; what lies there of earlier ones was left by a kill
    rm -rf "$out"/.new.*
    work=$(mktemp -d "$out/.new.XXXXXX")
    trap 'rm -rf "$work"' EXIT
}

make_ca() {
    if [[ -e $out/ca.pem ]]; then
        kept ca.pem
        return
    fi
    make_key ca.key
    printf '[req]\ndistinguished_name=name\n[name]\n[ca]\n%s\n' 'basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash' > "$work/ca.conf"
    openssl req -x509 -new -sha256 -key "$out/ca.key" -subj '/CN=Understudy CA' -days "$CA_DAYS" \
        -config "$work/ca.conf" -extensions ca -out "$work/ca.pem"
    publish ca.pem
}

make_broker() {
    local host names=''
    for host in "${hosts[@]}"; do
        if is_address "$host"; then
            names+=,IP:$host
        else
            names+=,DNS:$host
        fi
    done
    make_certificate server 'Understudy broker' serverAuth "subjectAltName=${names#,}"
    for host in "${hosts[@]}"; do
        is_for "$host" || say "note: $out/server.pem is not for $host; remove it and run this again to have another"
    done
}

is_address() { [[ $1 == *:* || $1 =~ ^[0-9.]+$ ]]; }

is_for() {
    local question=-checkhost
    ! is_address "$1" || question=-checkip
    openssl x509 -in "$out/server.pem" -noout "$question" "$1" | grep -q 'does match'
}

make_files_of_access() {
    [[ -e $out/acl ]] || { cp "$HERE/acl" "$work/acl" && settle acl; }
    [[ -e $out/passwords ]] || { : > "$work/passwords" && settle passwords; }
}

make_client() {
    if [[ $by == certificate ]]; then
        make_certificate "clients/$1" "$1" clientAuth
    else
        make_password "$1"
    fi
}

make_certificate() {
    local path=$1 name=$2 use=$3 more=${4-}
    if [[ -e $out/$path.pem ]]; then
        kept "$path.pem"
        return
    fi
    [[ -e $out/ca.key ]] || refuse "$out/ca.key is not here; run this where the CA's key is"
    openssl x509 -in "$out/ca.pem" -noout -checkend $((days * 86400)) > /dev/null ||
        refuse "the CA ends before $path.pem would; take fewer --days, or another --out for a new CA"
    make_key "$path.key"
    printf '[req]\ndistinguished_name=name\n[name]\n' > "$work/request.conf"
    printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature "extendedKeyUsage=$use" \
        subjectKeyIdentifier=hash authorityKeyIdentifier=keyid "$more" > "$work/extensions"
    openssl req -new -sha256 -key "$out/$path.key" -subj "/CN=$name" -config "$work/request.conf" -out "$work/request"
    openssl x509 -req -sha256 -in "$work/request" -CA "$out/ca.pem" -CAkey "$out/ca.key" -days "$days" \
        -set_serial "0x$(openssl rand -hex 16)" -extfile "$work/extensions" -out "$work/${path##*/}.pem" 2> "$work/said" ||
        refuse "$path.pem could not be signed: $(cat "$work/said")"
    publish "$path.pem"
}

make_key() {
    if [[ -e $out/$1 ]]; then
        kept "$1"
        return
    fi
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/${1##*/}"
    settle "$1"
}

# Never on a command line, where others would see it. What is written first is the password in clear: an interrupted run
# leaves one that the broker does not know yet, and the next run tells it.
make_password() {
    local name=$1 file=clients/$1.password
    if grep -qxF -e "$name" <(cut -d : -f 1 "$out/passwords"); then
        kept "the password of $name"
        return
    fi
    if [[ ! -e $out/$file ]]; then
        openssl rand -base64 24 > "$work/$name.password"
        settle "$file"
    fi
    printf '%s:%s\n' "$name" "$(cat "$out/$file")" > "$work/new"
    mosquitto_passwd -U "$work/new"
    { lines passwords && cat "$work/new"; } > "$work/passwords"
    replace passwords
}

let_read() {
    ! is_reader "$1" || return 0
    { lines acl && printf 'user %s\ntopic read understudy/#\ntopic deny understudy/%s/#\n' "$1" "$1"; } > "$work/acl"
    replace acl
}

# Whoever edited a file may have left its last line without an end.
lines() { awk 1 "$out/$1"; }

kept() { say "kept $1"; }

# From here on: what was made takes its place, whole, and only where nothing is.
settle() {
    [[ ! -e $out/$1 ]] || refuse "$out/$1 is there by now; run this again"
    replace "$1"
    say "made $out/$1"
}

publish() {
    chmod 644 "$work/${1##*/}"
    settle "$1"
}

replace() {
    mv -f "$work/${1##*/}" "$out/$1"
    changed=yes
}

# Mosquitto reads these as its own user.
hand_over_to_mosquitto() {
    [[ $(id -u) == 0 ]] && id mosquitto > /dev/null 2>&1 || return 0
    chown mosquitto: "$out/server.key" "$out/passwords" "$out/acl"
}

main "$@"

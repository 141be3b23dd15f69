#!/usr/bin/env bash
# Installs what the tests need beside Python, on Debian bookworm, as root: LibreOffice Calc 25.2 with its Python bridge,
# pdftoppm, stand-ins for Excel's fonts, and Chromium. Safe to run again: what is there already is left alone.
#
#   .ci/system-packages.sh            everything
#   .ci/system-packages.sh calc       LibreOffice and its pictures only
#   .ci/system-packages.sh browser    Chromium only
set -euo pipefail

release=bookworm
backports=$release-backports
calc=(libreoffice-calc python3-uno)
pictures=(poppler-utils fonts-crosextra-carlito fonts-dejavu)
browser=(chromium chromium-driver)

parts=("${@:-all}")
wants() { [[ " ${parts[*]} " == *" all "* || " ${parts[*]} " == *" $1 "* ]]; }

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

installed() {
    local name
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || return 1
    done
}

recent_calc() {
    installed "${calc[@]}" &&
        dpkg --compare-versions "$(dpkg-query -W -f '${source:Upstream-Version}' libreoffice-calc | sed 's/^[0-9]*://')" ge 25.2
}

# LibreOffice 25.2 lives in the backports of the same mirror that the machine already uses.
add_backports() {
    local file
    grep -qsE "^[^#]*\b$backports\b" /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources} && return
    for file in /etc/apt/sources.list.d/*.sources; do
        [[ -e $file ]] || continue
        if grep -qE "^Suites:(.*[[:space:]])?$release([[:space:]]|$)" "$file"; then
            sed -i -E "/^Suites:(.*[[:space:]])?$release([[:space:]]|\$)/ s/[[:space:]]*\$/ $backports/" "$file"
            return
        fi
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [[ -e $file ]] || continue
        if grep -qE "^deb[[:space:]].*[[:space:]]$release[[:space:]]" "$file"; then
            sed -nE "0,/^deb[[:space:]].*[[:space:]]$release[[:space:]]/ s/^(deb[[:space:]].*[[:space:]])$release([[:space:]].*)\$/\1$backports\2/p" \
                "$file" >/etc/apt/sources.list.d/$backports.list
            return
        fi
    done
    echo "No Debian $release source was found in /etc/apt: LibreOffice 25.2 is taken from $backports." >&2
    return 1
}

if [[ $(id -u) -ne 0 ]]; then
    echo "$0 installs system packages: run it as root." >&2
    exit 1
fi

names=()
if wants calc; then
    recent_calc || names+=("${calc[@]}")
    installed "${pictures[@]}" || names+=("${pictures[@]}")
fi
if wants browser; then
    installed "${browser[@]}" || names+=("${browser[@]}")
fi
[[ ${#names[@]} -gt 0 ]] || exit 0

if [[ " ${names[*]} " == *" libreoffice-calc "* ]]; then
    add_backports
    apt update
    apt install --no-install-recommends -t $backports "${calc[@]}"
else
    apt update
fi
apt install --no-install-recommends "${names[@]}"

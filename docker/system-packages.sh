#!/bin/sh
# Installs what the tests need of the system, and the programs that are named, or says exactly what to install.
# Quick when all is there.
set -eu

missing=""
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
# /usr/sbin is not on everybody's path
command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] || missing="$missing nginx"
# of Prometheus, the tests want the tool that reads its rules
command -v promtool >/dev/null 2>&1 || missing="$missing prometheus"
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
    command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
# torch.compile makes C++ that includes Python's headers
command -v g++ >/dev/null 2>&1 || missing="$missing g++"
python="${PYTHON:-python3}"
headers='import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'
"$python" -c "$headers" 2>/dev/null || missing="$missing ${python##*/}-dev"
for program in "$@"; do
    command -v "$program" >/dev/null 2>&1 || missing="$missing $program"
done
[ -n "$missing" ] || exit 0

if command -v apt-get >/dev/null 2>&1; then
    sudo=""
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || {
            echo "The tests need these system packages; run as root: apt-get install$missing" >&2
            exit 1
        }
        sudo="sudo"
    fi
    echo "Installing for the tests:$missing"
    # The tests start their own servers. Debian would start one of each on its usual port: a policy forbids that while
    # it installs, unless this machine has a policy already.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap '$sudo rm -f "$policy"' EXIT
        trap 'exit 1' HUP INT TERM
        printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
        $sudo chmod 755 "$policy"
    fi
    $sudo apt-get update -qq
    # shellcheck disable=SC2086  # one word per package is meant
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
    # nor at the next boot
    if [ -d /run/systemd/system ]; then
        for service in redis-server nginx prometheus; do
            case " $missing " in *" $service "*) $sudo systemctl disable --quiet "$service" ;; esac
        done
    fi
    exit 0
fi
echo "The tests need these programs; install them with this system's package manager:$missing" >&2
exit 1

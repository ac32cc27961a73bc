#!/bin/sh
# Installs what the tests need of the system, or says exactly what to install. Quick when all is there.
set -eu

missing=""
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
    command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
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
    $sudo apt-get update -qq
    # shellcheck disable=SC2086  # one word per package is meant
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
    exit 0
fi
echo "The tests need these programs; install them with this system's package manager:$missing" >&2
exit 1

#!/bin/sh
# Installs the vendor's signing libraries that the tests of crates/auth mint with: the Node one beside this file,
# the Python one in .tools/venv. Does nothing when both are there in the versions that are asked for.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
venv=$(cd "$here/../.." && pwd)/.tools/venv

# A copy of the list beside what was installed from it says what is there.
installed_lock=$here/node_modules/.installed-lock.json
if ! cmp -s "$here/package-lock.json" "$installed_lock"; then
    npm ci --prefix "$here" --no-audit --no-fund --loglevel=error
    cp "$here/package-lock.json" "$installed_lock"
fi

installed_list=$venv/.installed-credentials.txt
if ! cmp -s "$here/requirements.txt" "$installed_list"; then
    if [ ! -x "$venv/bin/pip" ]; then
        # Debian keeps what python3 needs for virtual environments in a package of its own.
        if ! python3 -c 'import ensurepip' 2>/dev/null; then
            apt-get update -qq
            DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv
        fi
        python3 -m venv "$venv"
    fi
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$installed_list"
fi

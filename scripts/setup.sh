# Sourced by scripts/start and scripts/test: missing system packages, the Rust toolchain, one target folder.
# shellcheck shell=bash

# To compile, and to talk to a GPU.
BUILD_PACKAGES=(gcc libc6-dev pkg-config ca-certificates libvulkan1)
# To open a window (X11 and Wayland), on a software GPU if there is no other; a font for logos with text.
WINDOW_PACKAGES=(mesa-vulkan-drivers libx11-6 libx11-xcb1 libxcb1 libxcursor1 libxi6 libxrandr2 libxkbcommon0 libxkbcommon-x11-0 libwayland-client0 fonts-dejavu-core)
# To open windows in tests and look at them.
TEST_PACKAGES=(xvfb xdotool imagemagick)

# One folder for everything that is built, outside the checkout, so that a fresh checkout need not build it all again.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/countermark/target}"

say() { printf '\n== %s\n' "$*"; }

# install_missing PACKAGE...: installs those that are missing, after saying which. On other systems than Debian and Ubuntu it only says so.
install_missing() {
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        echo "This is not Debian or Ubuntu: see README.md for what your system needs. Going on without installing anything."
        return 0
    fi
    local missing=() package
    for package in "$@"; do
        [[ "$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null)" == *" installed" ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    say "Installing what is missing with apt-get: ${missing[*]}"
    local as_root=()
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "These packages need root and there is no sudo. As root: apt-get install ${missing[*]}" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
}

need_rust() {
    command -v cargo >/dev/null || PATH="$HOME/.cargo/bin:$PATH"
    if ! command -v cargo >/dev/null; then
        echo "Rust is missing. Install it from https://rustup.rs, open a new terminal and try again." >&2
        return 1
    fi
}

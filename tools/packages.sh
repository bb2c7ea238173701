# The Debian packages that envpm is built, run and tested with. Sourced by the scripts beside it.

build_packages="g++ cmake ninja-build python3 python3-pip python3-venv ca-certificates
    libsolv-dev libcurl4-openssl-dev libssl-dev libtomlplusplus-dev libcli11-dev libsimdjson-dev
    nlohmann-json3-dev libdeflate-dev libisal-dev libzstd-dev libbz2-dev zlib1g-dev libfmt-dev
    libyaml-dev"
test_packages="libgtest-dev libgmock-dev clang clang-format-14 clang-tidy-14 libclang-rt-14-dev
    lld git zsh fish man-db nginx-light openssl zstd acl"

# Installs those of the named packages that are missing, with sudo if this is not root.
install_packages() {
    missing=""
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    echo "installing:$missing"
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
    fi
    $as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of words on purpose
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
        $missing >/dev/null
}

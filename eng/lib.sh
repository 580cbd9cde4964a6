# Shared by the scripts of this folder; sourced, never run. Needs bash, nothing else that Debian's base system lacks.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Quiet unless it fails: then the whole output is shown, and the script ends.
quietly() {
    local what=$1 out
    shift
    out=$(mktemp)
    if ! "$@" >"$out" 2>&1; then
        cat "$out" >&2
        rm -f "$out"
        die "$what failed: $*"
    fi
    rm -f "$out"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root to install packages ($*): run it as root, or install sudo"
    fi
}

# --- what must be installed -------------------------------------------------------------------------------------------

# The folder of the newest PostgreSQL that Debian's packages put here; empty when there is none. SALLYPORT_POSTGRES names that of another version.
postgres_bin() {
    [ -z "${SALLYPORT_POSTGRES:-}" ] || { printf '%s' "$SALLYPORT_POSTGRES"; return; }
    local dir newest=
    for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
        [ -x "$dir/postgres" ] && newest=$dir
    done
    printf '%s' "$newest"
}

missing_packages() {
    local tool
    for tool in "$@"; do
        case $tool in
            postgresql) [ -n "$(postgres_bin)" ] || echo postgresql ;;
            psql) command -v psql >/dev/null || echo postgresql-client ;;
            ssh) command -v ssh >/dev/null || echo openssh-client ;;
            sshd) [ -x /usr/sbin/sshd ] || echo openssh-server ;;
            h2load) command -v h2load >/dev/null || echo nghttp2-client ;;
            nghttpx) command -v nghttpx >/dev/null || echo nghttp2-proxy ;;
            nginx) [ -x /usr/sbin/nginx ] || echo nginx-light ;;
            kubectl) command -v kubectl >/dev/null || echo kubernetes-client ;;
            node) command -v node >/dev/null || echo nodejs ;;
            sftp-server) [ -x /usr/lib/openssh/sftp-server ] || echo openssh-sftp-server ;;
            dbclient) command -v dbclient >/dev/null && command -v dropbearconvert >/dev/null || echo dropbear-bin ;;
            plink) command -v plink >/dev/null && command -v psftp >/dev/null && command -v puttygen >/dev/null || echo putty-tools ;;
            # Modules are of Debian's own Python, whichever other comes first on the path.
            paramiko | asyncssh | kubernetes) /usr/bin/python3 -W ignore -c "import $tool" 2>/dev/null || echo python3 "python3-$tool" ;;
            libssh) /usr/bin/python3 -c 'import ctypes; ctypes.CDLL("libssh.so.4")' 2>/dev/null || echo python3 libssh-4 ;;
            php)
                [ -d /usr/share/simplesamlphp ] && php -r 'exit(extension_loaded("dom") && extension_loaded("mbstring") ? 0 : 1);' 2>/dev/null && continue
                # What simplesamlphp depends on comes with a service; named here, it is disabled with the others, unless it was there before.
                [ -n "$(PATH=$PATH:/usr/sbin command -v apache2)" ] || echo apache2
                echo simplesamlphp php-cli php-xml php-mbstring
                ;;
            *) [ -n "$(PATH=$PATH:/usr/sbin:/sbin command -v "$tool")" ] || echo "$tool" ;;
        esac
    done
}

# Installs the packages of the tools named, if any is missing. Debian's own services are neither created, started nor enabled:
# we bring up throw-away instances only.
ensure_installed() {
    local packages
    packages=$(missing_packages "$@")
    [ -z "$packages" ] && return
    echo "installing" $packages
    # shellcheck disable=SC2086 # a list of words
    quietly "installing packages" as_root bash -c "$(declare -f install_without_services); install_without_services \"\$@\"" install $packages
    packages=$(missing_packages "$@")
    [ -z "$packages" ] || die "still missing after installation:" $packages
}

# Runs as root in a shell of its own.
install_without_services() {
    set -eu
    export DEBIAN_FRONTEND=noninteractive
    local no_cluster=/etc/postgresql-common/createcluster.d/throw-away.conf no_start=/usr/sbin/policy-rc.d made_no_start= service
    mkdir -p "$(dirname "$no_cluster")"
    echo 'create_main_cluster = false' >"$no_cluster"
    if [ ! -e "$no_start" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$no_start"
        chmod 755 "$no_start"
        made_no_start=$no_start
    fi
    # shellcheck disable=SC2064 # the values of now
    trap "rm -f '$no_cluster' $made_no_start" EXIT
    apt-get -qq update
    apt-get -qq install -y --no-install-recommends "$@"
    if [ -d /run/systemd/system ]; then
        for service in "$@"; do
            # The one service that is not named like its package. It was not here before: its package would not be asked for.
            [ "$service" != openssh-server ] || service=ssh
            systemctl disable "$service.service" >/dev/null 2>&1 || echo "$service has no service of its own"
        done
    fi
}

find_dotnet() {
    local dir
    if ! command -v dotnet >/dev/null; then
        for dir in "${DOTNET_ROOT:-}" "$HOME/.dotnet" /usr/lib/dotnet /usr/share/dotnet; do
            [ -n "$dir" ] && [ -x "$dir/dotnet" ] && PATH=$PATH:$dir && break
        done
    fi
    command -v dotnet >/dev/null || die "the .NET 10 SDK is not installed"
    export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
}

# --- building ---------------------------------------------------------------------------------------------------------

configuration=Release

# Restores exactly what the lock files say; before they exist, whatever the central versions resolve to.
restore() {
    local project locked=--locked-mode
    for project in $(cd "$root" && find src tests bench fuzz -name '*.csproj'); do
        if [ ! -e "$root/$(dirname "$project")/packages.lock.json" ]; then
            echo "no lock file beside $project: restoring without locked mode"
            locked=
            break
        fi
    done
    quietly "restore" dotnet restore "${1:-$root/Proxy.sln}" $locked
}

build() {
    quietly "build" dotnet build "$1" -c "$configuration" --no-restore -warnaserror -v quiet
}

# Where a project's output is, as MSBuild itself says.
output_of() {
    dotnet msbuild "$root/$1" -getProperty:TargetDir -property:Configuration="$configuration"
}

# --- throw-away servers -----------------------------------------------------------------------------------------------

# A folder that the unprivileged user of PostgreSQL can walk through, with a path short enough for Unix sockets (107 bytes).
make_temp_dir() {
    local dir
    dir=$(mktemp -d "${TMPDIR:-/tmp}/sallyport.XXXXXX")
    chmod 711 "$dir"
    printf '%s' "$dir"
}

# A loopback port that nobody listens on, below the range the kernel hands out.
free_port() {
    local port
    while :; do
        port=$((20000 + (RANDOM << 15 | RANDOM) % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    printf '%s' "$port"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || die "$what did not become ready"
        sleep 0.05
    done
}

# make_ca DIR: DIR/ca.crt and DIR/ca.key. make_cert DIR NAME: DIR/NAME.crt and DIR/NAME.key for localhost, signed by it.
make_ca() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj '/CN=throw-away CA' \
        -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout "$1/ca.key" -out "$1/ca.crt" 2>/dev/null
}

make_cert() {
    local dir=$1 name=$2
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=localhost' \
        -keyout "$dir/$name.key" -out "$dir/$name.csr" 2>/dev/null
    openssl x509 -req -in "$dir/$name.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 30 \
        -extfile <(printf 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nextendedKeyUsage=serverAuth\nkeyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE') \
        -out "$dir/$name.crt" 2>/dev/null
    rm -f "$dir/$name.csr"
}

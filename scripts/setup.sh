#!/bin/sh
# Makes a fresh clone ready to run. Plain sh, since nothing is installed yet when it starts: npm calls it before
# `start`, `test` and `check`. Does nothing, in a few milliseconds, when all is there.
#   sh scripts/setup.sh            packages and Node
#   sh scripts/setup.sh browser    and a Chromium
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

# Packages: installed again whenever the lockfile is not the one that was installed.
stamp=node_modules/.installed-lockfile
if ! cmp -s package-lock.json "$stamp"; then
  say "installing packages (npm ci); this takes about half a minute"
  # All kinds of them, whatever NODE_ENV or the user's npm settings leave out: Node 24 is an optional one.
  npm ci --include=dev --include=optional --no-audit --no-fund --loglevel=error
  cp package-lock.json "$stamp"
fi

# Node 24 comes as an npm package where there is one for the platform; elsewhere (macOS) the system's has to do.
major=$(PATH="$PWD/node_modules/.bin:$PATH" node -p 'process.versions.node.split(".")[0]') || major=none
if [ "$major" = none ] || [ "$major" -lt 24 ]; then
  # npm passes over an optional package that it could not download: the next try has to ask for it again.
  rm -f "$stamp"
  case "$(uname -sm)" in
    "Linux x86_64" | "Linux aarch64")
      say "Node 24, one of the packages, was not installed or does not run here (it needs glibc). Try again, or" \
        "install Node 24 yourself (the version is in .nvmrc)."
      ;;
    *) say "Node 24 is needed and this is Node $major. Run 'nvm install' (the version is in .nvmrc), then try again." ;;
  esac
  exit 1
fi

[ "${1:-}" = browser ] || exit 0

# The names that the bot runtime looks for.
has_chromium() {
  [ -n "${CHROMIUM_PATH:-}" ] && return 0
  [ -f .env ] && grep -q '^CHROMIUM_PATH=.' .env && return 0
  for name in chromium-headless-shell chrome-headless-shell chromium chromium-browser google-chrome-stable google-chrome; do
    command -v "$name" >/dev/null 2>&1 && return 0
  done
  for name in Chromium "Google Chrome"; do
    [ -x "/Applications/$name.app/Contents/MacOS/$name" ] && return 0
  done
  return 1
}

has_chromium && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  say "no Chromium found: installing chromium-headless-shell with apt-get"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null ||
    apt-get install -y -qq --no-install-recommends chromium >/dev/null || true
  has_chromium && exit 0
fi
say "no Chromium found. Install Chromium or Chrome (Debian: sudo apt-get install chromium), or set CHROMIUM_PATH" \
  "to its program."
exit 1

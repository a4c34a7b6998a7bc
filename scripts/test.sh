#!/usr/bin/env bash
# Runs the project's tests: `scripts/test.sh all`, or one part: lint, rust, contract, web, e2e.
# Needs Rust, Node 20 or newer, git, a C compiler and make; installs PostgreSQL, Redis, nginx and Chromium on Debian and Ubuntu when they are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
part=${1:-all}
export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0}

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

# Installs Debian packages for a program that is missing, or says the exact command.
need() { # program-test, what, packages...
  local test=$1 what=$2
  shift 2
  eval "$test" && return 0
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    step "install $what"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    eval "$test" && return 0
  fi
  echo "$what is missing. Install it, on Debian and Ubuntu with: sudo apt-get update && sudo apt-get install -y $*" >&2
  echo "(Fedora: sudo dnf install postgresql-server redis nginx chromium; macOS: brew install postgresql redis nginx chromium)" >&2
  exit 1
}
has_postgres() { command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; }
has_redis() { command -v redis-server >/dev/null; }
has_nginx() { command -v nginx || [ -x /usr/sbin/nginx ]; } >/dev/null
has_chromium() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null; }

# Not `npm ci`: it refuses a lock file that leaves out optional binaries of platforms for which a registry has none.
modules() {
  [ -e web/node_modules/.package-lock.json ] && [ web/node_modules/.package-lock.json -nt web/package-lock.json ] && return 0
  step "install the page's packages"
  (cd web && npm install --no-save --no-audit --no-fund)
}

page() {
  modules
  step "build the page"
  (cd web && npm run build)
}

lint() {
  step "rustfmt"
  cargo fmt --all --check
  step "clippy"
  cargo clippy --workspace --all-targets --locked -- -D warnings
  step "clippy without CUDA"
  cargo clippy --workspace --no-default-features --locked -- -D warnings
  if command -v cargo-deny >/dev/null; then
    step "cargo deny"
    cargo deny --offline check bans licenses sources
  fi
}

rust() {
  need has_postgres PostgreSQL postgresql
  need has_redis Redis redis-server
  step "Rust tests"
  # Not the examples: clippy has checked them.
  cargo test --workspace --locked --lib --bins --tests
  cargo test --workspace --locked --doc
}

# The Rust tests have built the program already, with the page in it where that was built before them.
program() {
  [ "$part" = all ] && return 0
  step "build the program"
  cargo build --locked -p brightrun
}

contract() {
  program
  step "schemathesis"
  scripts/schemathesis.sh
}

web() {
  modules
  step "page: types are up to date"
  (cd web && npm run generate --silent && git diff --exit-code -- src/api/schema.d.ts)
  step "page: lint and types"
  (cd web && npm run lint && npm run typecheck)
  step "page: tests"
  (cd web && npm test)
  [ -f web/dist/.vite/manifest.json ] || page
  step "page: what each page loads at first"
  (cd web && npm run size --silent)
}

e2e() {
  need has_chromium Chromium chromium
  need has_nginx nginx nginx-light
  [ -f web/dist/index.html ] || page
  program
  step "browser tests"
  (cd web && BRIGHTRUN_BIN="${CARGO_TARGET_DIR:-$root/target}/debug/brightrun" npm run e2e)
}

case "$part" in
  all) page; lint; rust; contract; web; e2e ;;
  lint | rust | contract | web | e2e) "$part" ;;
  *) echo "usage: scripts/test.sh [all|lint|rust|contract|web|e2e]" >&2; exit 2 ;;
esac
step "done"

#!/usr/bin/env bash
# Tests a running server against its own description with schemathesis: no 5xx, no answer outside its schema, no undeclared status, no
# private operation that answers without a session. `scripts/schemathesis.sh [PROGRAM]`; without Python or its packages it says so and passes.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-${CARGO_TARGET_DIR:-target}/debug/brightrun}
seconds=${SCHEMATHESIS_SECONDS:-75}
venv=${CARGO_TARGET_DIR:-target}/schemathesis
skip() { echo "schemathesis is SKIPPED: $1" >&2; exit 0; }

command -v python3 >/dev/null || skip "there is no python3"
if ! "$venv/bin/schemathesis" --version >/dev/null 2>&1; then
  python3 -m venv "$venv" 2>/dev/null || skip "python3 cannot make a virtual environment (on Debian: apt-get install python3-venv)"
  "$venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis>=4.32,<5' || skip "pip could not install it"
fi

work=$(mktemp -d)
server=
stop() { if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi; rm -rf "$work"; }
trap stop EXIT
env -u DATABASE_URL BRIGHTRUN_RATE_LIMITS=1000000,100000000,100000000 "$program" serve --listen 127.0.0.1:0 --data-dir "$work/data" \
  >"$work/out" 2>"$work/log" &
server=$!
for _ in $(seq 300); do grep -q '^listening on ' "$work/out" && break; kill -0 "$server" || { cat "$work/log"; exit 1; }; sleep 0.1; done
url=$(sed -n 's/^listening on //p' "$work/out")

account() { # e-mail: answers a token
  "$venv/bin/python" - "$url" "$1" <<'PYTHON'
import json, sys, urllib.request
url, email = sys.argv[1:]
body = json.dumps({"email": email, "password": "seven wild geese", "name": "Contract Test"}).encode()
request = urllib.request.Request(url + "/api/auth/signup", body, {"content-type": "application/json"})
print(json.load(urllib.request.urlopen(request))["data"]["token"])
PYTHON
}
admin=$(account admin@example.org)
user=$(account user@example.org)

checks=not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance
# What ends the session that the test runs with is left out, and so are the streams of events: their answers do not end, so that none could be
# checked. Both have tests of their own; crates/api/tests/it/stream.rs holds the streams against the document.
common=(--seed 7 --checks "$checks,ignored_auth" --max-examples 25 --request-timeout 30 --continue-on-failure --no-color
  --phases examples,coverage,fuzzing --generation-database none --warnings off --suppress-health-check all
  --exclude-path /api/auth/logout --exclude-path /metrics)
run() { # token, seconds, more options
  local token=$1 time=$2
  shift 2
  "$venv/bin/schemathesis" run "$url/openapi.json" -H "Authorization: Bearer $token" --max-time "$time" "${common[@]}" "$@"
}
status=0
# Operations that change or end the own account come after everything else, with an account of their own.
own='^/api/(auth|admin)/'
run "$user" "$seconds" --exclude-path-regex "$own|/stream\$" || status=1
run "$admin" "$((seconds / 3))" --include-path-regex "$own" --exclude-path /api/auth/password || status=1
if ! kill -0 "$server" 2>/dev/null; then echo "the server died; its log:" >&2; tail -50 "$work/log" >&2; status=1; fi
[ "$status" = 0 ] || grep -E '"level":"ERROR"|ERROR' "$work/log" | tail -20 >&2 || true
exit "$status"

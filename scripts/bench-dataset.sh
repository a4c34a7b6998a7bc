#!/usr/bin/env bash
# Validation of a generated JSONL file on one core, without tokens: MB/s and peak memory. BENCH_MB sets its size, 500 by default.
# Where BENCH_PYTHON names a Python that has `datasets`, that loads and formats the same file beside it.
set -euo pipefail
cd "$(dirname "$0")/.."
megabytes=${BENCH_MB:-500}
file=${BENCH_FILE:-}
cargo build --release --locked -q -p dataset --example generate --example validate
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
if [ -z "$file" ]; then
  file=$folder/conversations.jsonl
  target/release/examples/generate "$megabytes" >"$file"
fi
echo "machine: $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown)"
# Read once, so that both find it in memory.
cat "$file" >/dev/null
run() { if command -v taskset >/dev/null; then taskset -c 0 "$@"; else "$@"; fi; }
echo "brightrun, everything but tokens:"
run target/release/examples/validate "$file" | tail -1
if [ -n "${BENCH_PYTHON:-}" ]; then
  echo "Python, datasets: load_dataset and map to chat messages, as TRL formats them, without tokens:"
  HF_HOME=$folder/hf run "$BENCH_PYTHON" scripts/bench_dataset.py "$file"
fi

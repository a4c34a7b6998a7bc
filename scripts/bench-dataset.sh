#!/usr/bin/env bash
# Validation of a generated JSONL file: MB/s and peak memory. BENCH_MB sets its size, 500 by default.
set -euo pipefail
cd "$(dirname "$0")/.."
megabytes=${BENCH_MB:-500}
file=$(mktemp --suffix=.jsonl)
trap 'rm -f "$file"' EXIT
# The sample's pairs again and again, each with a conversation and an answer of its own so that none is a duplicate.
awk -v limit="$megabytes" 'NR > 1 { lines[++n] = $0 }
  END {
    while (size < limit * 1000000) for (k = 1; k <= n; k++) {
      s = lines[k]
      sub(/"target_response": ?"/, "&" i " ", s)
      sub(/"conversation_id": ?"......../, sprintf("\"conversation_id\":\"%08d", i / 4), s)
      print s; size += length(s) + 1; i++
    }
  }' samples/bike-workshop.jsonl >"$file"
cargo run --release --locked -q -p dataset --example validate -- "$file"

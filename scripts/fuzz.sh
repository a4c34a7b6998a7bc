#!/usr/bin/env bash
# Runs each fuzz target for FUZZ_SECONDS, 60 by default, from the fixtures on. What it finds is left in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-60}
command -v cargo-fuzz >/dev/null || { echo "install it first: cargo install cargo-fuzz --locked"; exit 1; }
# The compiler's instrumentation is there on stable too; sanitizers are not, and the code has no unsafe parts for them to watch.
export RUSTC_BOOTSTRAP=1
for target in validate head fix convert browse; do
  mkdir -p "fuzz/corpus/$target"
  echo "$target:"
  cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" fixtures/datasets fixtures/datasets/bad -- \
    -dict=fuzz/json.dict -max_total_time="$seconds" -max_len=65536 -timeout=20 -rss_limit_mb=2048
done

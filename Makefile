# The commands of the project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

WEB := web
PAGE := $(WEB)/dist/index.html
MODULES := $(WEB)/node_modules/.package-lock.json
PAGE_SOURCES := $(shell find $(WEB)/src $(WEB)/public $(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/package.json -type f 2>/dev/null)
DEMO_DIR ?= ./brightrun-data
DEMO_LISTEN ?= 127.0.0.1:3000

.PHONY: help build demo test test-rust test-web test-e2e lint fmt generate bench-trainer bench-dataset bench-sse bench-api fuzz bench-page contract deny clean

help: ## This list
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(MODULES): $(WEB)/package.json $(WEB)/package-lock.json
	cd $(WEB) && npm install --no-save --no-audit --no-fund
	@touch $@

$(PAGE): $(MODULES) $(PAGE_SOURCES)
	cd $(WEB) && npm run build
	@touch $@

build: $(PAGE) ## The page, then target/release/brightrun with the page embedded
	cargo build --release --locked -p brightrun

demo: build ## The main job on the sample data set, end to end; then the page stays up until Ctrl-C
	@target/release/brightrun demo --data-dir $(DEMO_DIR) --listen $(DEMO_LISTEN)

test: ## Everything: formats, lints, Rust, TypeScript and browser tests
	scripts/test.sh all

test-rust: ## Rust tests only
	scripts/test.sh rust

test-web: ## TypeScript tests only
	scripts/test.sh web

test-e2e: ## Browser tests only
	scripts/test.sh e2e

lint: ## rustfmt, clippy and the page's linters
	scripts/test.sh lint

fmt: ## Formats the Rust code
	cargo fmt --all

generate: $(MODULES) ## docs/openapi.json and docs/dataset-findings.md from the code, and the page's types from the former
	UPDATE_FINDINGS=1 cargo test -q --locked -p dataset --test it docs
	UPDATE_OPENAPI=1 cargo test -q --locked -p api openapi
	UPDATE_SCHEMA=1 cargo test -q --locked -p db schema_doc
	cd $(WEB) && npm run generate

bench-trainer: ## Tokens/s, peak memory and first step of the trainer; beside PEFT where BENCH_PYTHON has it
	cargo run --release --locked -q -p trainer --example bench_trainer -- $(BENCH)

bench-dataset: ## Validation of a generated 500 MB file: MB/s and peak memory; beside Python's datasets where BENCH_PYTHON has them
	scripts/bench-dataset.sh

bench-sse: ## 5,000 event streams on one server process: delivery times and memory (STREAMS, JOBS, SECONDS)
	cargo run --release --locked -q -p api --example streams

fuzz: ## Every fuzz target for FUZZ_SECONDS (60) each, from the fixtures on; needs cargo-fuzz
	scripts/fuzz.sh

bench-api: ## 100 users on SQLite and on PostgreSQL: requests/s, latencies, processor time, memory
	cargo build --release --locked -p brightrun --bin brightrun --example bench_api
	target/release/examples/bench_api target/release/brightrun

bench-page: $(PAGE) ## Lighthouse on six pages with data in them, desktop and mobile; RUNS (3) of each, the middle one told
	cargo build --release --locked -p brightrun
	cd $(WEB)/bench && npm install --no-save --no-audit --no-fund
	cd $(WEB) && BRIGHTRUN_BIN=$${BRIGHTRUN_BIN:-../target/release/brightrun} npx playwright test -c bench/playwright.config.ts

contract: ## schemathesis against a running server
	cargo build --locked -p brightrun
	scripts/schemathesis.sh

deny: ## Licences, banned packages and where packages come from
	@command -v cargo-deny >/dev/null || cargo install cargo-deny --locked
	cargo deny --offline check bans licenses sources

clean: ## Removes what was built
	rm -rf target $(WEB)/dist $(WEB)/node_modules

# Everything a developer does, by name. `make` alone lists it.
SHELL := /bin/sh
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
BIN := $(TARGET)/release/huitong
DEBUG_BIN := $(TARGET)/debug/huitong
# The server that phones and browsers meet: HUITONG_BIN, else a debug build.
SERVER := $(or $(HUITONG_BIN),$(abspath $(DEBUG_BIN)))
# A minute per fuzz target unless told otherwise.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS = $(patsubst fuzz/fuzz_targets/%.rs,%,$(wildcard fuzz/fuzz_targets/*.rs))

.PHONY: help run build sdk test check lint deny units sdk-test sdk-types sdk-lint sdk-units phones browser server \
  demo bench fuzz types clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build what is needed and start the server (http :8080, rtmp :1935)
	$(BIN) serve

build: sdk ## the release binary with the SDKs inside
	$(CARGO) build --release --locked -p huitong-cli

sdk: ## the SDKs, into dist/
	@scripts/need sdk
	npm run --silent build

# What later steps need is installed while the first ones compile; a failure is told by the step that needs it. `units` has
# built the server that phones and browsers meet.
test: ## everything that CI runs
	@scripts/need media peers minting browser phones >/dev/null 2>&1 &
	@$(MAKE) --no-print-directory check units sdk-test
	@$(MAKE) --no-print-directory HUITONG_BIN=$(abspath $(DEBUG_BIN)) phones browser
	@echo "all tests passed"

check: lint deny ## formatting, lints, licences, the contract ledgers
	node contract/check.mjs --seeds contract/seeds

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

deny:
	@scripts/need deny
	.tools/bin/cargo-deny --log-level error check --hide-inclusion-graph licenses bans sources

units: sdk ## Rust tests: units, properties, fuzz corpora, real programs, the server over its sockets
	@scripts/need media peers minting
	CARGO=$(CARGO) node scripts/rust-tests.mjs

sdk-test: sdk ## SDK tests: types, lints, units, fixtures, the contract
	@$(MAKE) --no-print-directory -j2 -O sdk-types sdk-lint sdk-units

sdk-types:
	npm run --silent typecheck

sdk-lint:
	npm run --silent lint

sdk-units:
	npm test --silent

phones: sdk server ## simulated phones against the built server, with real media
	@scripts/need media phones
	HUITONG_BIN=$(SERVER) npm test --silent --prefix tests/phones

browser: sdk server ## the demo site in a real browser, with simulated phones; screenshots into out/browser/
	@scripts/need media phones browser
	HUITONG_BIN=$(SERVER) npm test --silent --prefix tests/browser

server:
	$(if $(HUITONG_BIN),,$(CARGO) build --locked -p huitong-cli)

demo: build ## a server and three simulated phones for 30 seconds, with a live table
	@scripts/need media phones
	HUITONG_BIN=$(abspath $(BIN)) node tests/phones/demo.mjs

bench: build ## speed, as ratios to a reference measured in the same run, and latency
	@scripts/need media phones browser
	$(CARGO) run --release --locked -p huitong-bench -- $(BENCH)

fuzz: ## each fuzz target for FUZZ_SECONDS
	@scripts/need fuzz
	@for t in $(FUZZ_TARGETS); do echo "== $$t"; mkdir -p out/fuzz/$$t; \
	  PATH="$(CURDIR)/.tools/bin:$$PATH" $(CARGO) fuzz run -s none --fuzz-dir fuzz $$t out/fuzz/$$t fuzz/corpus/$$t -- \
	  -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 || exit 1; done

types: ## rewrite the TypeScript types from the Rust types
	UPDATE=1 $(CARGO) test --locked -p huitong-protocol --test typescript_types_are_current

clean: ## remove everything that was built
	rm -rf $(TARGET) dist node_modules .tools out fuzz/target

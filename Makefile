# Everything runs from here; `make` alone says what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash

TARGET := target/release
ENGINES := target/engines
BIN := $(TARGET)/llmobserve
# One profile for running, testing and linting: the native libraries compile once.
CARGO_FLAGS := --release --locked

# What a fresh machine needs, and how to get it (Debian's package names).
NEEDS_BUILD := cargo cc make perl node npm
NEEDS_KAFKA := $(if $(LLMOBSERVE_KAFKA_BROKERS),,java mvn)
NEEDS_CLICKHOUSE := $(if $(LLMOBSERVE_CLICKHOUSE_URL),,npm)
HINT_cargo := Rust 1.95 or newer, with rustup
HINT_cc := apt-get install build-essential
HINT_make := apt-get install build-essential
HINT_perl := apt-get install perl
HINT_java := Java 17 or newer: apt-get install openjdk-17-jre-headless (or set LLMOBSERVE_KAFKA_BROKERS)
HINT_mvn := apt-get install maven (or set LLMOBSERVE_KAFKA_BROKERS)
HINT_node := Node.js 20 or newer: apt-get install nodejs
HINT_npm := apt-get install npm
HINT_python3 := apt-get install python3 python3-venv
HINT_chromium := apt-get install chromium, or name another with CHROMIUM=…
HINT_curl := apt-get install curl
HINT_strace := apt-get install strace
HINT_setpriv := apt-get install util-linux
HINT_cargo-fuzz := cargo install cargo-fuzz --locked; rustup toolchain install nightly
HINT_unshare := apt-get install util-linux
HINT_nginx := apt-get install nginx
HINT_valgrind := apt-get install valgrind
HINT_rustup := https://rustup.rs

# Of `make faults`.
N ?= 200
SEED ?= $(shell date +%s)

# Of `make fuzz`, each target. SECONDS is a variable of the shell itself, so only make's counts.
SECONDS_EACH := $(if $(filter command line,$(origin SECONDS)),$(SECONDS),60)

# $(call need,TOOLS): stops, naming each missing tool and the way to it.
define need
@missing=; $(foreach tool,$(1),command -v $(tool) >/dev/null || { \
	echo "missing: $(tool) ($(HINT_$(tool)))" >&2; missing=1; };) \
[ -z "$$missing" ] || { \
	echo "Install what is missing and run make again, or run the containers: docker compose up" >&2; \
	exit 1; }
endef

.PHONY: help
help: ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 18

.PHONY: up
up: build ## Run the whole product on this machine, in the foreground
	@exec $(BIN) up

.PHONY: build
build: deps dashboard ## Build what is missing
	@cargo build $(CARGO_FLAGS) -p llmobserve

.PHONY: dashboard
dashboard:
	$(call need,node npm)
	@dashboard/build.sh

.PHONY: deps
deps: ## Install Apache Kafka and the ClickHouse library below target/
	$(call need,$(NEEDS_BUILD) $(NEEDS_KAFKA) $(NEEDS_CLICKHOUSE))
	@$(if $(NEEDS_KAFKA),engines/kafka/install.sh $(ENGINES)/kafka)
	@$(if $(NEEDS_CLICKHOUSE),engines/clickhouse/install.sh $(ENGINES)/clickhouse)

.PHONY: test
test: deps dashboard ## Every test, with a real Kafka, a real ClickHouse and a real browser
	$(call need,python3 curl setpriv node npm valgrind $(or $(CHROMIUM),chromium))
	cargo test $(CARGO_FLAGS) --workspace
	cargo build $(CARGO_FLAGS) -p llmobserve -p faults -p bench-load
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target \
		test-pipeline test-pages test-sdks test-libraries test-instructions

# On what is built, two at a time: most of them wait more than they work.
.PHONY: test-pipeline
test-pipeline:
	python3 tests/e2e/exactness.py --events 20000 --tenants 50 --kill-group
	python3 tests/e2e/exactness.py --events 20000 --tenants 50 --pause 0.1 --sigterm
	python3 tests/e2e/exactness.py --events 20000 --tenants 50 --pause 0.5 --kill-aggregator 5 --auth
	python3 tests/isolation/run.py
	python3 tests/contract/run.py
	$(TARGET)/faults --short --auth

.PHONY: test-pages
test-pages:
	dashboard/test.sh

.PHONY: test-sdks
test-sdks:
	sdk/python/test.sh
	sdk/typescript/test.sh

.PHONY: test-libraries
test-libraries:
	tests/e2e/clients.sh
	tests/e2e/otlp/test.sh

.PHONY: test-instructions
test-instructions:
	python3 bench/instructions.py

.PHONY: exactness
exactness: build ## The same end to end at full size: 100,000 events, 20 kills
	python3 tests/e2e/exactness.py
	python3 tests/e2e/exactness.py --pause 1.8 --kill-aggregator 20 --kill-every 2.5
	python3 tests/e2e/exactness.py --kill-group
	python3 tests/e2e/exactness.py --pause 0.1 --sigterm
	python3 tests/e2e/exactness.py --auth
	python3 tests/e2e/exactness.py --auth --pause 1.8 --kill-aggregator 20 --kill-every 2.5

.PHONY: faults
faults: deps ## N faults under load, three brokers; SEED=… repeats a run, ARGS=… adds flags
	$(call need,strace setpriv unshare)
	cargo build $(CARGO_FLAGS) -p llmobserve -p faults
	$(TARGET)/faults --seed $(SEED) --faults $(N) $(ARGS)

.PHONY: mutants
mutants: deps ## Leave out one rule of the protocol at a time: the faults must notice
	cargo build $(CARGO_FLAGS) -p llmobserve -p faults
	tests/faults/mutants.sh $(TARGET)/faults

.PHONY: fuzz
fuzz: ## A minute (SECONDS=…) of fuzzing for each way that bytes come in; needs nightly Rust
	$(call need,cargo-fuzz)
	@cd fuzz && for target in $$(cargo +nightly fuzz list); do \
		echo "fuzzing $$target"; mkdir -p corpus/$$target; \
		cargo +nightly fuzz run --sanitizer none $$target corpus/$$target seeds/$$target -- \
			-max_total_time=$(SECONDS_EACH) -timeout=10 -rss_limit_mb=1024 || exit 1; \
	done

.PHONY: demo
demo: ## Two minutes of lifelike traffic to a running instance
	@$(call need,python3)
	@python3 demo/demo.py

# As the image is built: in ten minutes more.
PROFILE := $(CURDIR)/bench/profile/llmobserve.profdata
BENCH_BUILD := RUSTFLAGS=-Cprofile-use=$(PROFILE) cargo build --profile dist --locked -p llmobserve -p bench-load

.PHONY: bench
bench: deps dashboard ## All benchmarks; writes bench/RESULTS.md. One by name: make bench-ingest
	@$(call need,python3 nginx)
	$(BENCH_BUILD)
	python3 bench/suite all

# FULL=1 makes runs long, and five of them.
BENCHES := ingest single overload aggregator e2e freshness stats pages catchup skew storage footprint start dedup proxy
.PHONY: $(BENCHES:%=bench-%)
$(BENCHES:%=bench-%): bench-%: deps dashboard
	@$(call need,python3 $(if $(filter proxy,$*),nginx))
	$(BENCH_BUILD)
	@python3 bench/suite $*

# A build of its own that counts, two minutes of work, and what it has counted.
.PHONY: profile
profile: deps dashboard ## What the compiler of the image goes by: counts anew which code is hot
	@$(call need,python3 rustup)
	rustup component add llvm-tools
	RUSTFLAGS=-Cprofile-generate=$(CURDIR)/target/profile/counts \
		cargo build --profile dist --locked --target-dir target/profile -p llmobserve -p bench-load
	rm -rf target/profile/counts
	LLMOBSERVE_BINARY=$(CURDIR)/target/profile/dist/llmobserve python3 bench/profile/train.py
	"$$(rustc --print sysroot)"/lib/rustlib/*/bin/llvm-profdata merge --sparse \
		--output $(PROFILE) target/profile/counts/*.profraw

.PHONY: bench-instructions
bench-instructions: ## Instructions an event costs, against those committed (needs valgrind)
	@$(call need,python3 valgrind)
	cargo build $(CARGO_FLAGS) -p llmobserve -p bench-load
	@python3 bench/instructions.py

.PHONY: bench-auth
bench-auth: ## What authentication adds to a request
	cargo build $(CARGO_FLAGS) -p service -p llmobserve --example auth_bench
	$(TARGET)/examples/auth_bench

.PHONY: clients
clients: build deps ## The providers' own client libraries through the proxy
	$(call need,python3 node npm)
	tests/e2e/clients.sh

.PHONY: openapi
openapi: build ## Write schemas/openapi.json anew from the handlers
	@$(BIN) openapi > $(TARGET)/openapi.json && mv $(TARGET)/openapi.json schemas/openapi.json

.PHONY: check
check: ## Format, lints, documentation, licences, advisories, and every test
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc $(CARGO_FLAGS) --workspace --no-deps --document-private-items
	@if command -v cargo-deny >/dev/null; then cargo deny check; \
	else echo "cargo-deny is not installed, so licences and advisories were not checked: cargo install cargo-deny"; fi
	@$(MAKE) --no-print-directory test

# The habits of this repository, one entry each. `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help run test check fmt generate bench soak fuzz

# Clippy, rustdoc and the tests share one `target`; CI and developers run the same commands.
CARGO := cargo

help: ## List the entries
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build chatkitd and start it on http://127.0.0.1:8787 with an embedded database
	@scripts/setup-build.sh
	@scripts/build-web.sh
	$(CARGO) run --locked --quiet --package chatkitd -- serve --dev

test: ## Set up what the tests need (PostgreSQL, PgBouncer, Redis, nginx, Python, Node, Chromium) and run all of them
	@scripts/setup-build.sh
	@scripts/setup-test.sh
	@scripts/build-web.sh
	@examples/build.sh
	@scripts/with-services.sh $(CARGO) test --workspace --locked
	@scripts/test-web.sh

check: ## Format, lints, docs, the arrows between the crates, licences, generated files
	@scripts/setup-build.sh
	@scripts/build-web.sh
	@scripts/check.sh

fmt: ## Format the code
	$(CARGO) fmt --all

generate: ## Write the generated files anew
	@scripts/generate.sh

bench: ## Measure, beside the peers (minutes)
	bench/run.sh

soak: ## What is too long for every run: the store suites and the pull faults, fifty times over
	@scripts/setup-test.sh
	@scripts/with-services.sh scripts/soak.sh 50

fuzz: ## The property tests with a hundred times as many cases; a minute of libFuzzer for each target where it is there
	@scripts/fuzz.sh

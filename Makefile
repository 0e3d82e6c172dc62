# Every chore is a target with one line of help. CI calls the same targets.

.DEFAULT_GOAL := help
.PHONY: help bootstrap build run test test-cluster client-tests format lint bench bench-cluster clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

bootstrap: ## Install the system packages that are missing (Debian 12; sudo when not root)
	@scripts/bootstrap

build: bootstrap ## Build everything in debug mode
	swift build

run: ## Build in release mode, make the demo project, serve it on port 8080 (PORT=9000 for another)
	@scripts/run

test: ## Run every test: import check, Swift tests, client tests
	@scripts/test

test-cluster: ## Kill, starve and cut off three servers, PostgreSQL and object storage under load (ARGS="-k postgres" for some)
	@scripts/bootstrap --cluster
	@scripts/test-cluster $(ARGS)

client-tests: ## Run only the client tests, against the debug build (ARGS="-k range" for some)
	@scripts/client-tests $(ARGS)

format: ## Format all Swift sources in place
	swift format --in-place --parallel --recursive Package.swift Sources Tests

lint: ## Check the format of all Swift sources
	swift format lint --strict --parallel --recursive Package.swift Sources Tests

bench: ## Measure speed and memory against plain SQL, nginx, vipsthumbnail and thumbor (ARGS="live startup" for some parts)
	@scripts/bootstrap --bench
	@scripts/bench $(ARGS)

bench-cluster: ## Measure several servers on PostgreSQL and object storage (ARGS="reads" for some parts)
	@scripts/bootstrap --bench --cluster
	@scripts/bench-cluster $(ARGS)

clean: ## Remove what was built (never the data in ./stockroom-data)
	rm -rf .build .venv .venv-cluster .bench

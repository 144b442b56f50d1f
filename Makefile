# popkit: make help lists what there is. Needs Go, git and make, npm for the Claude Code
# CLI that the tests run, and a C compiler for the race detector. Tools are built into .tools at the versions pinned here.

SHELL       := /bin/sh
GO          ?= go
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME    ?= 20s
SEEDS       ?= 20000
KILLS       ?= 1000
ROUNDS      ?= 5
TIMEOUT     ?= 15m
PKGS        ?= ./...
# RACE: auto runs the race detector where there is a C compiler and says so where
# there is none, require fails without one, off leaves it out.
RACE        ?= auto
# The packages in which goroutines meet. The others are pure, or sequential, and
# the race detector would only make them slow.
RACE_DIRS   := internal/engine internal/eventlog internal/proc internal/redact internal/agent \
               internal/effects internal/statefile internal/server internal/daemon internal/workspace
# Tests that start a popkit or a git many, many times: what is raced there is
# processes, which the race detector does not see and makes slow.
RACE_SKIP   := ^(TestKilledAtEveryEvent|TestCutAnywhere|TestEveryKeyTakesEffect)$$

GOLANGCI    := v2.15.0
STATICCHECK := v0.8.2
TOOLS       := $(CURDIR)/.tools
# What make test runs once: where the race detector runs, it has run these. The other
# packages of RACE_DIRS are fast, and some of their limits hold without it only.
RACE_ONCE   := internal/proc internal/agent internal/effects internal/daemon internal/workspace
LDFLAGS     := -s -w -X main.version=$(VERSION)

export CGO_ENABLED := 0

.DEFAULT_GOAL := help
.PHONY: help build install demo test vet fmt cross claude race cases rest unit lint compat bench soak fuzz cover clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "variables: PKGS=./internal/engine RACE=auto|require|off FUZZTIME=20s SEEDS=20000 KILLS=1000 ROUNDS=5 TIMEOUT=15m"

build: ## bin/popkit: static, trimmed, with its version
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/popkit ./cmd/popkit

install: ## popkit into $GOBIN
	$(GO) install -trimpath -ldflags '$(LDFLAGS)' ./cmd/popkit

demo: build ## five agents build a feature in a scratch repository, in under a minute
	bin/popkit demo

# In this order: what fails fastest first, go test's own output last.
test: fmt vet cross claude race cases rest ## everything that must hold before a commit lands

fmt: ## fail on files that gofmt would change
	@bad=$$(find . -name '*.go' -not -path '*/testdata/*' -not -path './.*' | xargs gofmt -l) || exit 1; \
	if [ -n "$$bad" ]; then echo "not formatted (gofmt -w them):"; echo "$$bad"; exit 1; fi

vet: ## go vet
	$(GO) vet $(PKGS)

cross: ## macOS still builds
	GOOS=darwin GOARCH=arm64 $(GO) build $(PKGS)

claude: ## the Claude Code CLI that the tests run, into .tools (they would do it themselves, later)
	@echo "claude: installing into .tools/claude"; $(GO) test -count=1 -run '^TestInstallAtOnce$$' ./internal/claudetest

race: ## the packages in which goroutines meet, under the race detector
	@dirs=; for d in $(RACE_DIRS); do if [ -d $$d ]; then dirs="$$dirs ./$$d/..."; fi; done; \
	case '$(RACE)' in off) exit 0;; esac; \
	if ! command -v "$$($(GO) env CC)" >/dev/null; then \
		echo "no C compiler ($$($(GO) env CC)): the race detector was not run"; \
		if [ '$(RACE)' = require ]; then exit 1; fi; exit 0; \
	fi; \
	echo "go test -race$$dirs"; CGO_ENABLED=1 $(GO) test -race -skip '$(RACE_SKIP)' -timeout $(TIMEOUT) $$dirs

# In its own folder, so that go test shows the time of each case.
cases: ## the end-to-end cases on the real Claude Code CLI, with the time of each
	cd e2e && $(GO) test -timeout $(TIMEOUT) -run '^TestClaudeCases$$'

rest: ## the tests that make race and make cases have not run
	@all=$$($(GO) list $(PKGS)) || exit 1; \
	if [ '$(RACE)' != off ] && command -v "$$($(GO) env CC)" >/dev/null; then \
		$(GO) test -timeout $(TIMEOUT) -run '$(RACE_SKIP)' $(RACE_ONCE:%=./%/...) || exit 1; \
		once=$$(for d in $(RACE_ONCE); do printf '|%s' $$d; done); \
		all=$$(echo "$$all" | grep -Ev "^popkit/($${once#|})(/|$$)"); \
	fi; \
	if [ -n "$$all" ]; then $(GO) test -timeout $(TIMEOUT) -skip '^TestClaudeCases$$' $$all; fi

unit: ## all tests, without the race detector
	$(GO) test -timeout $(TIMEOUT) $(PKGS)

# Not part of test: building the linter takes minutes.
lint: $(TOOLS)/golangci-lint-$(GOLANGCI) $(TOOLS)/staticcheck-$(STATICCHECK) ## golangci-lint and staticcheck at their pinned versions, and a tidy go.mod
	$(TOOLS)/golangci-lint-$(GOLANGCI) run $(PKGS)
	$(TOOLS)/staticcheck-$(STATICCHECK) $(PKGS)
	$(GO) mod tidy -diff

$(TOOLS)/golangci-lint-$(GOLANGCI):
	GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	mv $(TOOLS)/golangci-lint $@

$(TOOLS)/staticcheck-$(STATICCHECK):
	GOBIN=$(TOOLS) $(GO) install honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK)
	mv $(TOOLS)/staticcheck $@

compat: ## docs/compatibility.md: the cases on the oldest, the tested and the newest Claude Code
	$(GO) run ./internal/compat -o docs/compatibility.md

bench: ## the measurements that the design promises, as ratios of one run
	$(GO) test -count=1 -run '^$$' -bench . -benchtime 1x -timeout 90m ./internal/bench -args -rounds=$(ROUNDS)

soak: ## the simulation with SEEDS seeds (a failing one prints how to replay it), and KILLS kills of real engines and agents
	$(GO) test -count=1 -timeout 0 ./internal/sim -args -sim.seeds=$(SEEDS)
	$(GO) test -count=1 -timeout 0 -run '^$$' -bench 'Insights|KilledLogs|Strays' -benchtime 1x ./internal/bench -args -kills=$(KILLS)

fuzz: ## every fuzz target for FUZZTIME
	@grep -rn --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' internal cmd | sort | \
	while IFS=: read -r file line func; do \
		name=$${func#func }; dir=$$(dirname "$$file"); \
		echo "fuzz ./$$dir $$name for $(FUZZTIME)"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "./$$dir" || exit 1; \
	done

cover: ## dist/cover.html and the total
	@mkdir -p dist
	$(GO) test -timeout $(TIMEOUT) -coverpkg=./... -coverprofile dist/cover.out $(PKGS)
	$(GO) tool cover -html dist/cover.out -o dist/cover.html
	@$(GO) tool cover -func dist/cover.out | tail -1

clean: ## remove what the targets above made, the tools excepted
	rm -rf bin dist
